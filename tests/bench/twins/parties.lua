-- stdlib/policies/parties.cbp by hand, for runs whose first containers are critical, with one target. As the policy does,
-- it watches the latencies of all. Its one metric is the frame's only column.
local ffi = require("ffi")
local kit = require("kit")
local REST = ffi.cast("int64_t", 0x8000000000000000ULL)  -- kRest
local push, mean, is_due, is_measured = kit.push, kit.mean, kit.is_due, kit.is_measured
local SECOND, FRESH = kit.SECOND, kit.FRESH

ffi.cdef [[
typedef struct {
  Ring latencies;
  double shortfall, updated;
  int32_t wheel;
  bool known;
} Service;
typedef struct {
  double until_step, steps, votes;
  int32_t place, trial, slot;
  double before;
} Run;
]]
local Context = ffi.typeof("PolicyContext*")
local RunPointer = ffi.typeof("Run*")
local ServicePointer = ffi.typeof("Service*")
local Doubles = ffi.typeof("const double*")
local Integers = ffi.typeof("const int64_t*")

local SHARES_CACHE = 0
local texts = { " shares the cache: " }
local BEGIN, START, CONTROL = 0, 1, 2
local HELP, SPARE, WATCH, PART = 0, 1, 2, 3
local CORES, WAYS = 0, 1
local GIVE, TAKE = 0, 1
local LINES = { [GIVE] = 48, [TAKE] = 53 }  -- of the trials in the policy, which a reverted one names
local OTHERS = 0  -- the class; those of the critical containers follow
local EVERYWHERE = -1  -- in all L3 domains
local FIRST, WAITING, WATCHING = 0, 1, 2
local CRITICAL, TARGET = 4, 0.01

local function member(ctx, slot) return slot < CRITICAL and ctx.running[slot] ~= 0 end

local function begin(ctx)
  local call, host = ctx.call, ctx.host
  call.fire(host, BEGIN, -1)
  call.try_begin(host)
  call.layout_clear(host)
  call.layout_part(host, OTHERS, REST)
  local refused = call.layout(host) ~= 0
  call.try_end(host, refused and 1 or 0)
  if not refused then return kit.GO_ON end
  call.text_begin(host)
  call.text_reason(host)
  call.stop(host)
  return kit.STOPPED
end

local function start(ctx, slot)
  local call, host = ctx.call, ctx.host
  call.fire(host, START, slot)
  if slot >= CRITICAL then return end
  call.try_begin(host)
  local refused = call.set_ways(host, OTHERS + 1 + slot, EVERYWHERE, ffi.cast(Integers, ctx.params)[PART]) ~= 0
  call.try_end(host, refused and 1 or 0)
  if not refused then return end
  call.text_begin(host)
  call.text_slot(host, slot)
  call.text_piece(host, SHARES_CACHE)
  call.text_reason(host)
  call.log(host, kit.WARN)
end

-- Nil when it is missing.
local function shortfall(s, now1)
  if s.known and now1 - s.updated <= FRESH then return s.shortfall end
  return nil
end

-- Watches all; the biggest shortfall of the critical ones, nil when one is missing.
local function watch(ctx, services, now)
  local values, status, running = ffi.cast(Integers, ctx.values), ctx.status, ctx.running
  local now1 = now + 1
  for slot = 0, ctx.slots - 1 do
    if running[slot] ~= 0 and is_due(status[slot]) then
      local s = services[slot]
      if is_measured(status[slot]) then push(s.latencies, now, tonumber(values[slot]) / 1e9) end
      local latency = mean(s.latencies, now - SECOND)
      s.known = latency ~= nil and slot < CRITICAL
      if latency then s.shortfall = (latency - TARGET) / TARGET end
      s.updated = now1
    end
  end
  local worst
  for slot = 0, ctx.slots - 1 do
    if member(ctx, slot) then
      local x = shortfall(services[slot], now1)
      if not x then return nil end
      if not worst or x > worst then worst = x end
    end
  end
  return worst
end

-- One unit of the resource more or less.
local function shift(ctx, slot, resource, by)
  local call, host = ctx.call, ctx.host
  if resource == CORES then return call.set_cores(host, slot, call.cores(host, slot) + by) end
  local class = OTHERS + 1 + slot
  return call.set_ways(host, class, EVERYWHERE, call.ways(host, class, EVERYWHERE) + by)
end

local function turn(s) s.wheel = s.wheel == CORES and WAYS or CORES end

-- Begins a trial, unless its plan is refused: then the other resource is next.
local function try_out(ctx, run, s, slot, trial, step)
  local call, host = ctx.call, ctx.host
  run.trial, run.slot, run.before = trial, slot, s.shortfall
  call.trial_begin(host, trial)
  call.try_begin(host)
  local refused = shift(ctx, slot, s.wheel, trial == GIVE and 1 or -1) ~= 0
  call.try_end(host, refused and 1 or 0)
  if refused then
    turn(s)
    return
  end
  call.trial_made(host, trial)
  run.place = WATCHING
  run.until_step = step + tonumber(ffi.cast(Integers, ctx.params)[WATCH])
  run.steps, run.votes = 0, 0
end

-- True when the trial is over.
local function judge(ctx, run, s, now1, step)
  local call, host = ctx.call, ctx.host
  local trial = run.trial
  if ctx.running[run.slot] == 0 then
    call.trial_revert(host, trial, LINES[trial])
    return true
  end
  run.steps = run.steps + 1
  local x = shortfall(s, now1)
  local limit = trial == GIVE and run.before or 0
  if x and x < limit then run.votes = run.votes + 1 end
  if step < run.until_step then return false end
  if 2 * run.votes > run.steps then return true end
  if trial == TAKE then call.trial_revert(host, trial, LINES[trial]) end
  turn(s)
  return true
end

local function choose(ctx, run, services, worst, now1, step)
  if not worst then return end
  local params = ffi.cast(Doubles, ctx.params)
  local help = params[HELP]
  local give = worst > help
  if not give and not (worst < -params[SPARE]) then return end
  local chosen, best
  for slot = 0, ctx.slots - 1 do
    if member(ctx, slot) then
      local x = shortfall(services[slot], now1)
      if x and (not give or x > help) and (not best or (give and x > best) or (not give and x < best)) then
        chosen, best = slot, x
      end
    end
  end
  if chosen then try_out(ctx, run, services[chosen], chosen, give and GIVE or TAKE, step) end
end

local function control(ctx, run, services)
  local now, step = tonumber(ctx.now_ns), tonumber(ctx.step)
  local now1 = now + 1
  local worst = watch(ctx, services, now)
  ctx.call.fire(ctx.host, CONTROL, -1)
  if run.place == WATCHING then
    if not judge(ctx, run, services[run.slot], now1, step) then return end
  elseif run.place == WAITING then
    if step < run.until_step then return end
    choose(ctx, run, services, worst, now1, step)
    if run.place == WATCHING then return end
  end
  run.place = WAITING
  run.until_step = step + 1
end

local function entry(context, event, slot)
  local ctx = ffi.cast(Context, context)
  local run = ffi.cast(RunPointer, ctx.state)
  local services = ffi.cast(ServicePointer, run + 1)
  if event == kit.STEP_EVENT then
    control(ctx, run, services)
  elseif event == kit.START then
    ffi.fill(services + slot, ffi.sizeof("Service"))
    start(ctx, slot)
  elseif event == kit.BEGIN then
    return begin(ctx)
  end
  return kit.GO_ON
end

return { entry = entry, texts = texts, run_bytes = ffi.sizeof("Run"), slot_bytes = ffi.sizeof("Service") }
