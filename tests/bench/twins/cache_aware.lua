-- stdlib/policies/cache_aware.cbp by hand. Its one metric is the frame's only column.
local ffi = require("ffi")
local kit = require("kit")
local REST = ffi.cast("int64_t", 0x8000000000000000ULL)  -- kRest
local push, mean, holds, rested, schmitt, member = kit.push, kit.mean, kit.holds, kit.rested, kit.schmitt, kit.member
local is_due, is_measured, is_finite = kit.is_due, kit.is_measured, kit.is_finite
local SECOND = kit.SECOND

ffi.cdef [[
typedef struct {
  Ring samples;
  double misses;
  Held noisy_for, calm_for;
  double put_at, freed_at, jailed;
  bool ticked, known, latch;
} Watched;
]]
local Context = ffi.typeof("PolicyContext*")
local Watched = ffi.typeof("Watched*")
local Doubles = ffi.typeof("const double*")

local NOISY, MISSES, NOT_JAILED, JAILED_NO, COLON, RELEASED, NO_FIT = 0, 1, 2, 3, 4, 5, 6
local texts = {
  "noisy(c)", "misses(c)", " not jailed: ", "jailed #", ": ", "released: ", "two classes do not fit: ",
}
local SHARED, JAIL = 0, 1
local BEGIN, PUT, FREE = 0, 1, 2

local function begin(ctx)
  local call, host = ctx.call, ctx.host
  call.fire(host, BEGIN, -1)
  call.try_begin(host)
  call.layout_clear(host)
  call.layout_part(host, JAIL, ffi.cast("const int64_t*", ctx.params)[2])
  call.layout_part(host, SHARED, REST)
  local refused = call.layout(host) ~= 0
  call.try_end(host, refused and 1 or 0)
  if not refused then return kit.GO_ON end
  call.text_begin(host)
  call.text_piece(host, NO_FIT)
  call.text_reason(host)
  call.stop(host)
  return kit.STOPPED
end

local function watch(ctx, all, now)
  local params = ffi.cast(Doubles, ctx.params)
  local on, off = params[0], params[1]
  local values, status, running = ffi.cast(Doubles, ctx.values), ctx.status, ctx.running
  for slot = 0, ctx.slots - 1 do
    local w = all[slot]
    local ticked = running[slot] ~= 0 and is_due(status[slot])
    w.ticked = ticked
    if ticked then
      local value = values[slot]
      if is_measured(status[slot]) and is_finite(value) then push(w.samples, now, value / 1000) end
      local misses = mean(w.samples, now - SECOND)
      if misses then
        w.known = true
        w.misses = misses
        w.latch = schmitt(w.latch, misses, on, off)
      else
        w.known = false
      end
    end
  end
end

local function fire(ctx, rule, slot, w)
  local call, host = ctx.call, ctx.host
  call.fire(host, rule, slot)
  call.why_flag(host, NOISY, w.latch and 1 or 0)
  call.why_f64(host, MISSES, w.misses, kit.MPKI)
end

local function try_move(ctx, slot, class)
  local call, host = ctx.call, ctx.host
  call.try_begin(host)
  local refused = call.move(host, slot, class) ~= 0
  call.try_end(host, refused and 1 or 0)
  return not refused
end

local function put(ctx, slot, w)
  local call, host = ctx.call, ctx.host
  fire(ctx, PUT, slot, w)
  if not try_move(ctx, slot, JAIL) then
    call.text_begin(host)
    call.text_slot(host, slot)
    call.text_piece(host, NOT_JAILED)
    call.text_reason(host)
    call.log(host, kit.WARN)
    return
  end
  w.jailed = w.jailed + 1
  call.text_begin(host)
  call.text_piece(host, JAILED_NO)
  call.text_i64(host, w.jailed, 0)
  call.text_piece(host, COLON)
  call.text_why(host)
  call.annotate(host, slot)
end

local function free(ctx, slot, w)
  local call, host = ctx.call, ctx.host
  fire(ctx, FREE, slot, w)
  if not try_move(ctx, slot, SHARED) then return end
  call.text_begin(host)
  call.text_piece(host, RELEASED)
  call.text_why(host)
  call.annotate(host, slot)
end

local function step(ctx, all)
  local now = tonumber(ctx.now_ns)
  watch(ctx, all, now)
  local now1 = now + 1
  for slot = 0, ctx.slots - 1 do
    local w = all[slot]
    if not member(ctx, slot, SHARED) then
      w.noisy_for.since = 0
    elseif w.ticked then
      if not (w.known and w.latch) then
        w.noisy_for.since = 0
      elseif holds(w.noisy_for, now1, SECOND / 2) and rested(w.put_at, now1, 2 * SECOND) then
        w.put_at = now1
        put(ctx, slot, w)
      end
    end
  end
  for slot = 0, ctx.slots - 1 do
    local w = all[slot]
    if not member(ctx, slot, JAIL) then
      w.calm_for.since = 0
    elseif w.ticked then
      if not w.known or w.latch then
        w.calm_for.since = 0
      elseif holds(w.calm_for, now1, 3 * SECOND * w.jailed) and rested(w.freed_at, now1, 2 * SECOND) then
        w.freed_at = now1
        free(ctx, slot, w)
      end
    end
  end
end

local function entry(context, event, slot)
  local ctx = ffi.cast(Context, context)
  local all = ffi.cast(Watched, ctx.state)
  if event == kit.STEP_EVENT then
    step(ctx, all)
  elseif event == kit.START then
    ffi.fill(all + slot, ffi.sizeof("Watched"))
  elseif event == kit.BEGIN then
    return begin(ctx)
  end
  return kit.GO_ON
end

return { entry = entry, texts = texts, run_bytes = 0, slot_bytes = ffi.sizeof("Watched") }
