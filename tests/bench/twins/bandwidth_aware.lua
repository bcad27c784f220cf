-- stdlib/policies/bandwidth_aware.cbp by hand, for a run without critical containers on a host that limits bandwidth in
-- percent. Its one metric is the frame's only column.
local ffi = require("ffi")
local kit = require("kit")
local push, mean, holds, rested, schmitt, member = kit.push, kit.mean, kit.holds, kit.rested, kit.schmitt, kit.member
local is_due, is_measured, is_finite = kit.is_due, kit.is_measured, kit.is_finite
local SECOND, FRESH = kit.SECOND, kit.FRESH
local max, min = math.max, math.min

ffi.cdef [[
typedef struct {
  Ring samples;
  double used, updated;
  bool known;
  Held idle_for;
  double freed_at;
} User;
typedef struct {
  Held scarce_for, plenty_for;
  double throttled_at, gave_at;
  bool known, scarce;
} Run;
]]
local Context = ffi.typeof("PolicyContext*")
local RunPointer = ffi.typeof("Run*")
local UserPointer = ffi.typeof("User*")
local Doubles = ffi.typeof("const double*")

local SCARCE, NO_FURTHER, NOT_THROTTLED, THROTTLED, NOT_GIVEN, RELEASED = 0, 1, 2, 3, 4, 5
local texts = {
  "scarce", "no further throttling: ", " is not throttled: ", "throttled: ", "bandwidth is not given back: ", "released: ",
}
local SHARED, SLOW = 0, 1
local EVERYWHERE = -1 -- in all L3 domains
local THROTTLE, GIVE, FREE = 0, 1, 2
local PEAK, HI, LO, CUT, LEAST = 0, 1, 2, 3, 4

local function fresh(u, now1) return u.known and now1 - u.updated <= FRESH end

local function watch(ctx, run, users, now)
  local params = ffi.cast(Doubles, ctx.params)
  local values, status, running = ffi.cast(Doubles, ctx.values), ctx.status, ctx.running
  local now1 = now + 1
  local sum, complete = 0, true
  for slot = 0, ctx.slots - 1 do
    if running[slot] ~= 0 then
      local u = users[slot]
      if is_due(status[slot]) then
        local value = values[slot]
        if is_measured(status[slot]) and is_finite(value) then push(u.samples, now, value) end
        local used = mean(u.samples, now - SECOND)
        u.known = used ~= nil
        u.used = used or 0
        u.updated = now1
      end
      if fresh(u, now1) then
        sum = sum + u.used
      else
        complete = false
      end
    end
  end
  local total = sum / params[PEAK]
  run.known = complete and is_finite(total)
  if run.known then run.scarce = schmitt(run.scarce, total, params[HI], params[LO]) end
end

local function count_slow(ctx)
  local count = 0
  for slot = 0, ctx.slots - 1 do
    if member(ctx, slot, SLOW) then count = count + 1 end
  end
  return count
end

-- The biggest user that is not slow yet; nil: there is none.
local function worst_user(ctx, users, now1)
  local worst
  for slot = 0, ctx.slots - 1 do
    local u = users[slot]
    if member(ctx, slot, SHARED) and fresh(u, now1) and (not worst or u.used > users[worst].used) then worst = slot end
  end
  return worst
end

local function fire(ctx, rule, slot, run)
  ctx.call.fire(ctx.host, rule, slot)
  ctx.call.why_flag(ctx.host, SCARCE, run.scarce and 1 or 0)
end

local function try_mb(ctx, ratio)
  local call, host = ctx.call, ctx.host
  call.try_begin(host)
  local refused = call.set_mb(host, SLOW, EVERYWHERE, ratio) ~= 0
  call.try_end(host, refused and 1 or 0)
  return not refused
end

local function warn(ctx, slot, text)
  local call, host = ctx.call, ctx.host
  call.text_begin(host)
  if slot then call.text_slot(host, slot) end
  call.text_piece(host, text)
  call.text_reason(host)
  call.log(host, kit.WARN)
end

local function remark(ctx, slot, text)
  local call, host = ctx.call, ctx.host
  call.text_begin(host)
  call.text_piece(host, text)
  call.text_why(host)
  call.annotate(host, slot)
end

local function throttle(ctx, run, users, now1)
  local call, host = ctx.call, ctx.host
  local params = ffi.cast(Doubles, ctx.params)
  local least, cut = params[LEAST], params[CUT]
  fire(ctx, THROTTLE, -1, run)
  if count_slow(ctx) > 0 and call.mb(host, SLOW, EVERYWHERE) >= least + cut / 2 then
    if not try_mb(ctx, max(least, call.mb(host, SLOW, EVERYWHERE) - cut)) then warn(ctx, nil, NO_FURTHER) end
    return
  end
  local worst = worst_user(ctx, users, now1)
  if not worst then return end
  call.try_begin(host)
  local refused = call.move(host, worst, SLOW) ~= 0 or call.set_mb(host, SLOW, EVERYWHERE, max(least, call.mb(host, SLOW, EVERYWHERE) - cut)) ~= 0
  call.try_end(host, refused and 1 or 0)
  if refused then
    warn(ctx, worst, NOT_THROTTLED)
  else
    remark(ctx, worst, THROTTLED)
  end
end

local function give(ctx, run)
  fire(ctx, GIVE, -1, run)
  local mb = ctx.call.mb(ctx.host, SLOW, EVERYWHERE)
  local cut = ffi.cast(Doubles, ctx.params)[CUT]
  if mb < 1 and not try_mb(ctx, min(1, mb + cut)) then warn(ctx, nil, NOT_GIVEN) end
end

local function free(ctx, slot, run)
  local call, host = ctx.call, ctx.host
  fire(ctx, FREE, slot, run)
  call.try_begin(host)
  local refused = call.move(host, slot, SHARED) ~= 0
  call.try_end(host, refused and 1 or 0)
  if not refused then remark(ctx, slot, RELEASED) end
end

local function step(ctx, run, users)
  local now = tonumber(ctx.now_ns)
  local now1 = now + 1
  watch(ctx, run, users, now)
  local scarce, plenty = run.known and run.scarce, run.known and not run.scarce
  if not scarce then
    run.scarce_for.since = 0
  elseif holds(run.scarce_for, now1, SECOND / 2) and rested(run.throttled_at, now1, SECOND) then
    run.throttled_at = now1
    throttle(ctx, run, users, now1)
  end
  if not plenty then
    run.plenty_for.since = 0
  elseif holds(run.plenty_for, now1, 2 * SECOND) and rested(run.gave_at, now1, SECOND) then
    run.gave_at = now1
    give(ctx, run)
  end
  for slot = 0, ctx.slots - 1 do
    local u = users[slot]
    if not member(ctx, slot, SLOW) or not plenty or ctx.call.mb(ctx.host, SLOW, EVERYWHERE) < 1 then
      u.idle_for.since = 0
    elseif holds(u.idle_for, now1, SECOND) and rested(u.freed_at, now1, SECOND) then
      u.freed_at = now1
      free(ctx, slot, run)
    end
  end
end

local function entry(context, event, slot)
  local ctx = ffi.cast(Context, context)
  local run = ffi.cast(RunPointer, ctx.state)
  local users = ffi.cast(UserPointer, run + 1)
  if event == kit.STEP_EVENT then
    step(ctx, run, users)
  elseif event == kit.START then
    ffi.fill(users + slot, ffi.sizeof("User"))
  end
  return kit.GO_ON
end

return { entry = entry, texts = texts, run_bytes = ffi.sizeof("Run"), slot_bytes = ffi.sizeof("User") }
