-- Steps: who is picked next in Tijdeman's order, and the memory that this is kept in.
--
-- In: whole weights above 0 without a common divisor. Out: `servers` (weight, credit, picks of this
-- lap) and their `lap`, which `advance` moves on. Never fails. Pure: plain Lua, no ngx.
--
-- At step t a server of weight w with k picks is owed t*w - k*S (S: sum of the weights). It may be
-- picked once it is owed S/(2n-2), and must be before it is owed S less that; of those that may,
-- the one that must first is picked. Both steps are known as soon as its last pick is (`release`,
-- `deadline`), so that a step compares numbers and computes one server's. Counted from a lap's
-- start no server is ever a whole pick off its share.
--
-- Each worker keeps this for each app: so it is small, and lies together. In LuaJIT these are
-- arrays of C, in plain Lua (specs) tables of the same form. All lists begin at 1.

local huge, max, min = math.huge, math.max, math.min
local has_ffi, ffi = pcall(require, 'ffi')

-- A byte numbers so many servers.
local FEW = 255
-- Makes a deadline later than any.
local NEVER = 1e300

local steps = {}

local new_servers, new_numbers, new_lap, copy_lap

if has_ffi then
  -- `taken`: picks of this lap.
  local servers = ffi.typeof('struct { double credit; uint32_t weight, taken; }[?]')
  local numbers = ffi.typeof('double[?]')
  -- `n` servers, of weight `sum`. Steps done in this lap: `t`. Slots that were taken: `at`, and
  -- that are written: `filled`, of `room`. Those in front are not ours (laps): they lie here, so
  -- that a request finds all that it needs of its app in one place.
  local lap = [[struct {
    double seen; uint32_t *counts; int32_t list, is_noted;
    int32_t at, filled, n, room; double sum, t; %s slots[?]; }]]
  local narrow, wide = ffi.typeof(lap:format('uint8_t')), ffi.typeof(lap:format('uint16_t'))
  new_servers = function(n) return servers(n + 1) end
  new_numbers = function(n) return numbers(n + 1) end
  new_lap = function(n, room) return (n > FEW and wide or narrow)(room + 1) end
  copy_lap = function(to, from)
    local head = ffi.offsetof(from.n > FEW and wide or narrow, 'slots')
    ffi.copy(to, from, head + (from.filled + 1) * (from.n > FEW and 2 or 1))
  end
else
  new_servers = function(n)
    local list = {}
    for k = 1, n do list[k] = { credit = 0, taken = 0 } end
    return list
  end
  new_numbers = function() return {} end
  new_lap = function() return { t = 0, at = 0, filled = 0, slots = {} } end
  copy_lap = function(to, from)
    for name, value in pairs(from) do to[name] = value end
  end
end

-- At a lap's start, with nobody owed anything.
function steps.begin(weights)
  local n, sum = #weights, 0
  local servers, lap = new_servers(n), new_lap(n, 0)
  for k = 1, n do
    servers[k].weight = weights[k]
    sum = sum + weights[k]
  end
  lap.n, lap.sum, lap.room = n, sum, 0
  return { servers = servers, lap = lap }
end

-- Room for so many slots; those that are written are kept.
function steps.make_room(p, most)
  local old = p.lap
  local lap = new_lap(old.n, most)
  copy_lap(lap, old)
  lap.room = most
  p.lap = lap
end

-- Of the picker at hand: from a step to the next within one call, so one is enough for all.
local release, deadline, scratch = new_numbers(FEW), new_numbers(FEW), FEW

-- When a server with `taken` picks of this lap may be picked next, and when it must be. Numerators
-- are whole numbers where the credit is, and exact: the quotients compare as the fractions do.
local function schedule(lap, servers, k)
  local n, sum, w = lap.n, lap.sum, servers[k].weight
  local m = n > 1 and 2 * n - 2 or 1
  local due = servers[k].taken * sum - servers[k].credit
  release[k] = (due * m + sum) / (m * w)
  deadline[k] = ((due + sum) * m - sum) / (m * w)
end

-- From a lap's start, and from what that leads to, some server may always be picked, and none is
-- ever late. From credits that an update carried to very different weights this need not be so;
-- then the earliest deadline would heap what is late upon the heaviest server.
local function most_owed(lap, servers, t)
  local best, most = 1, -huge
  for k = 1, lap.n do
    local server = servers[k]
    local owed = server.credit + t * server.weight - server.taken * lap.sum
    if owed > most then best, most = k, owed end
  end
  return best
end

-- Two plain loops, the first without a branch: of one with conditions the compiler made something
-- ten times slower where it had met a rare case first, and nested ones it gave up now and then.
local function earliest(lap, servers, t)
  local n, first = lap.n, huge
  for k = 1, n do
    first = min(first, deadline[k] + max(release[k] - t, 0) * NEVER)
  end
  if first < t then return most_owed(lap, servers, t) end
  for k = 1, n do
    if deadline[k] == first and release[k] <= t then return k end
  end
  return most_owed(lap, servers, t)
end

-- `count` steps. Their picks are written where `slots` are, behind `filled`.
function steps.advance(p, count, slots)
  local lap, servers = p.lap, p.servers
  if lap.n > scratch then
    scratch = lap.n
    release, deadline = new_numbers(scratch), new_numbers(scratch)
  end
  for k = 1, lap.n do schedule(lap, servers, k) end
  local t, filled = lap.t, lap.filled
  for i = 1, count do
    local k = earliest(lap, servers, t + i)
    servers[k].taken = servers[k].taken + 1
    schedule(lap, servers, k)
    if slots then slots[filled + i] = k end
  end
  lap.t = t + count
end

return steps
