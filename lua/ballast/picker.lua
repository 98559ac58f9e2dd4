-- Picker: which server takes the next request. Smooth and exact for whole weights.
--
-- In: the servers of one upstream (`{address, weight}`), the picker they had before, a source of
-- randomness. Out: a picker whose `next` returns an index into `picker.addresses` (weight above 0
-- only). On failure: nil where no server has a weight above 0.
-- Pure: plain Lua, no ngx, no clock. The order is Tijdeman's (steps).
--
-- Picks are written CHUNK at a time, when they are needed: an app that changes more often than it
-- is used costs next to nothing. A pick is one read from these, and allocates nothing. A lap that
-- ends as it began, which the first or the second nearly always does, is repeated. One of more than
-- MIN_LAP slots, and of more than LAP_PER_SERVER a server, is not worth its memory: of it there is
-- only ever one chunk, and each of its picks is a step, O(n).
--
-- An update carries what each surviving server is owed into the first lap of the new picker, so
-- that updates, however many, do not bend the shares. A lap begins with what the one before ended
-- with, so nothing is forgotten at its seam.

local steps = require('ballast.steps')

local floor, max, min = math.floor, math.max, math.min
local advance, make_room = steps.advance, steps.make_room

local MIN_LAP, LAP_PER_SERVER = 4096, 128
-- Picks written at a time: for one step alone its way out of compiled code costs more than it does.
local CHUNK = 16
-- Slots that the picks of a lap get room for at first, then twice as many.
local FIRST_ROOM = 32
-- A fresh picker's place is drawn among this many slots.
local START_SLOTS = 1024

-- Lists that are made by appending take half as much again.
local has_new, new_table = pcall(require, 'table.new')

local picker = {}

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

local function read(servers)
  local n, divisor = 0, 0
  for i = 1, #servers do n = n + (servers[i].weight > 0 and 1 or 0) end
  local addresses, weights = has_new and new_table(n, 0) or {}, {}
  for i = 1, #servers do
    local weight = servers[i].weight
    if weight > 0 then
      addresses[#addresses + 1], weights[#weights + 1] = servers[i].address, weight
      divisor = gcd(divisor, weight)
    end
  end
  for i = 1, #weights do weights[i] = weights[i] / divisor end
  return addresses, weights
end

-- A whole lap was stepped through. What each server is owed now is carried on.
local function is_repeated(p)
  local lap, same = p.lap, true
  for k = 1, lap.n do
    local server = p.servers[k]
    local more = server.weight - server.taken
    same = same and more == 0
    server.credit = server.credit + more * lap.sum
  end
  return same and lap.filled == lap.sum
end

local function begin_lap(p)
  local lap = p.lap
  for k = 1, lap.n do p.servers[k].taken = 0 end
  lap.t, lap.at, lap.filled = 0, 0, 0
end

-- All that is written was taken: writes more. Returns the first slot of it.
local function write(p)
  local lap = p.lap
  if lap.t == lap.sum then
    if is_repeated(p) then return 1 end
    begin_lap(p)
  end
  local count = min(CHUNK, lap.sum - lap.t)
  if lap.sum > max(MIN_LAP, LAP_PER_SERVER * lap.n) then lap.filled = 0 end
  if lap.filled + count > lap.room then
    make_room(p, min(max(FIRST_ROOM, 2 * lap.room), lap.sum))
    lap = p.lap
  end
  local filled = lap.filled
  advance(p, count, lap.slots)
  lap.filled = filled + count
  return filled + 1
end

function picker.next(p)
  local lap = p.lap
  local at = lap.at + 1
  if at > lap.filled then
    at = write(p)
    lap = p.lap
  end
  lap.at = at
  return lap.slots[at]
end

-- ---- credits

-- What each server is owed right now, in picks times the sum of the weights. Picks that are written
-- and not taken yet are still owed.
function picker.owed(p)
  local lap, owed, waiting = p.lap, {}, {}
  for at = lap.at + 1, lap.filled do
    local k = lap.slots[at]
    waiting[k] = (waiting[k] or 0) + 1
  end
  local t = lap.t - (lap.filled - lap.at)
  for k = 1, lap.n do
    local server = p.servers[k]
    local taken = server.taken - (waiting[k] or 0)
    owed[k] = server.credit + t * server.weight - taken * lap.sum
  end
  return owed
end

local function clamp(value)
  return max(-1, min(1, value))
end

-- What servers are owed, in picks, made to sum to 0: the rest is given out by weight. None is owed
-- more than a pick, nor less than minus one, or a heavy server would pay at once for all that left;
-- what that cuts off goes to those that have room for it.
local function balance(owed, p)
  local servers, sum, rest, excess, room = p.servers, p.lap.sum, 0, 0, 0
  for k = 1, #owed do rest = rest - owed[k] end
  for k = 1, #owed do
    owed[k] = clamp(owed[k] + rest * servers[k].weight / sum)
    excess = excess - owed[k]
  end
  local limit = excess > 0 and 1 or -1
  for k = 1, #owed do room = room + limit - owed[k] end
  for k = 1, #owed do
    local more = room ~= 0 and excess * (limit - owed[k]) / room or 0
    owed[k] = (owed[k] + more) * sum
  end
  return owed
end

-- Surviving servers keep what they are owed, in picks; new ones begin at 0. Fractions are kept:
-- rounded, the odd unit would fall to the same server at every update, and add up. Returns nil
-- where no server survives.
local function carry(p, previous)
  local before, by_address, survives = picker.owed(previous), {}, false
  for i = 1, #before do by_address[previous.addresses[i]] = before[i] / previous.lap.sum end
  local owed = {}
  for i = 1, #p.addresses do
    local picks = by_address[p.addresses[i]]
    survives = survives or picks ~= nil
    owed[i] = picks or 0
  end
  return survives and balance(owed, p) or nil
end

-- Weights that sum to `slots`, each rounded up or down by one draw: on average they are exact.
local function round(weights, sum, slots, random)
  local rounded, before, exact, point = {}, 0, 0, random()
  for k = 1, #weights do
    exact = exact + weights[k] * slots / sum
    local now = k < #weights and floor(exact + point) or slots
    rounded[k], before = now - before, now
  end
  return rounded
end

-- What servers are owed at a place drawn in a lap, so that many workers do not all begin on one
-- server, nor go on in step. A long lap's place is drawn in one of rounded weights; what follows is
-- exact for the true ones.
local function draw_place(weights, sum, random)
  local slots = min(sum, START_SLOTS)
  local place = steps.begin(slots < sum and round(weights, sum, slots, random) or weights)
  advance(place, floor(random() * slots), nil)
  local owed = picker.owed(place)
  for k = 1, #owed do owed[k] = owed[k] * (sum / slots) end
  return owed
end

-- `random()` returns a number from 0 up to 1.
function picker.new(servers, previous, random)
  local addresses, weights = read(servers)
  if #addresses == 0 then return nil end
  local p = steps.begin(weights)
  p.addresses = addresses
  local owed = previous and carry(p, previous) or draw_place(weights, p.lap.sum, random)
  for k = 1, #owed do p.servers[k].credit = owed[k] end
  return p
end

return picker
