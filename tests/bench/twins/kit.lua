-- What the twins in Lua have in common. State begins as zeros, and so a time is kept as its ns + 1: 0 is never. Times are
-- doubles, which LuaJIT likes best; they are exact for 100 days.
local ffi = require("ffi")

ffi.cdef [[
typedef struct { double at, value; } Sample;
typedef struct { int32_t next, filled; Sample samples[12]; } Ring;
typedef struct { double since, seen; } Held;
]]

local CAPACITY = 12
local OK, MULTIPLEXED, NOT_DUE = 0, 1, 2
local kit = {}

kit.SECOND = 1e9
kit.STEP = 1e8
kit.FRESH = 1.5e8
kit.WARN = 2
kit.MPKI = 27  -- of units.def
kit.BEGIN, kit.START, kit.STEP_EVENT, kit.GO_ON, kit.STOPPED = 0, 2, 3, 0, 2

function kit.is_due(status) return status ~= NOT_DUE end
function kit.is_measured(status) return status == OK or status == MULTIPLEXED end
function kit.is_finite(x) return x - x == 0 end

function kit.push(ring, at, value)
  local next = ring.next
  local sample = ring.samples[next]
  sample.at, sample.value = at, value
  next = next + 1
  ring.next = next < CAPACITY and next or 0
  if ring.filled < CAPACITY then ring.filled = ring.filled + 1 end
end

-- Of what is newer than `cutoff`, added up from the oldest on; nil of fewer than 3.
function kit.mean(ring, cutoff)
  local samples = ring.samples
  local sum, count = 0, 0
  local i = ring.next - ring.filled
  if i < 0 then i = i + CAPACITY end
  for _ = 1, ring.filled do
    local sample = samples[i]
    if sample.at > cutoff then
      sum = sum + sample.value
      count = count + 1
    end
    i = i + 1
    if i == CAPACITY then i = 0 end
  end
  if count < 3 then return nil end
  local mean = sum / count
  if mean - mean ~= 0 then return nil end
  return mean
end

-- It holds now: has it for so long, without a gap?
function kit.holds(held, now1, length)
  local patience = length > 2 * kit.STEP and length or 2 * kit.STEP
  if held.since == 0 or now1 - held.seen > patience then held.since = now1 end
  held.seen = now1
  return now1 - held.since >= length
end

function kit.rested(fired, now1, rest) return fired == 0 or now1 - fired >= rest end

function kit.schmitt(latch, x, on, off)
  if on >= off then return x > on or (latch and not (x < off)) end
  return x < on or (latch and not (x > off))
end

function kit.member(ctx, slot, class)
  return ctx.running[slot] ~= 0 and ctx.call.class_of(ctx.host, slot) == class
end

return kit
