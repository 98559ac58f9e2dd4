-- Picker: which server takes the next request. Smooth and exact for whole weights.
--
-- In: the servers of one upstream (`{address, weight}`), the picker they had before, a source of
-- randomness. Out: a picker whose `next` returns an index into `picker.addresses` (weight above 0
-- only). On failure: nil where no server has a weight above 0.
-- Pure: plain Lua, no ngx, no clock.
--
-- Order: Tijdeman's. At step t a server of weight w with k picks is owed t*w - k*S (S: sum of the
-- weights). It may be picked once it is owed S/(2n-2), and must be before it is owed S less that;
-- of those that may, the one that must first is picked. Both steps are known as soon as its last
-- pick is (`release`, `deadline`), so that a step compares numbers and computes one server's.
-- Counted from a lap's start no server is ever a whole pick off its share.
--
-- Nothing is written out at an update: an app that changes more often than it is used costs
-- nothing. The first lap's picks are written down while they are made; from the second on a pick is
-- one read from a byte string, and allocates nothing. A lap of more than MIN_LAP slots, and of
-- more than LAP_PER_SERVER a server, is not worth its memory: each of its picks is a step, O(n).
--
-- An update carries what each surviving server is owed into the first lap of the new picker, so
-- that updates, however many, do not bend the shares. A lap begins with what the one before ended
-- with, so nothing is forgotten at its seam; once a lap ends as it began, which the first or the
-- second nearly always does, it is repeated.

local byte, char, floor, huge = string.byte, string.char, math.floor, math.huge
local max, min, concat = math.max, math.min, table.concat

local MIN_LAP, LAP_PER_SERVER = 4096, 128
-- Slots written at a time.
local PIECE = 32
-- A fresh picker's place is drawn among this many slots.
local START_SLOTS = 1024
-- Makes a deadline later than any.
local NEVER = 1e300

-- Lists that are made by appending take half as much again.
local has_new, new_table = pcall(require, 'table.new')

local picker = {}

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

local function list_of(n)
  return has_new and new_table(n, 0) or {}
end

local function read(servers)
  local n, divisor, sum = 0, 0, 0
  for i = 1, #servers do n = n + (servers[i].weight > 0 and 1 or 0) end
  local addresses, weights = list_of(n), list_of(n)
  for i = 1, #servers do
    local weight = servers[i].weight
    if weight > 0 then
      addresses[#addresses + 1], weights[#weights + 1] = servers[i].address, weight
      divisor = gcd(divisor, weight)
    end
  end
  for i = 1, #weights do
    weights[i] = weights[i] / divisor
    sum = sum + weights[i]
  end
  return addresses, weights, sum
end

local function filled(n, value)
  local list = list_of(n)
  for i = 1, n do list[i] = value end
  return list
end

-- ---- steps

-- When a server with `taken` picks of this lap may be picked next, and when it must be. Numerators
-- are whole numbers where the credit is, and exact: the quotients compare as the fractions do.
local function schedule(p, plan, k)
  local w, n = p.weights[k], #p.weights
  local m = n > 1 and 2 * n - 2 or 1
  local due = plan.taken[k] * p.sum - p.credits[k]
  plan.release[k] = (due * m + p.sum) / (m * w)
  plan.deadline[k] = ((due + p.sum) * m - p.sum) / (m * w)
end

-- `pieces`: what is written of this lap; none where a lap is not worth it.
local function begin_lap(p)
  local n = #p.weights
  local plan = { taken = filled(n, 0), release = list_of(n), deadline = list_of(n) }
  for k = 1, n do schedule(p, plan, k) end
  if p.sum <= max(MIN_LAP, LAP_PER_SERVER * n) then plan.piece, plan.pieces = {}, {} end
  p.at, p.plan = 0, plan
end

-- From a lap's start, and from what that leads to, some server may always be picked, and none is
-- ever late. From credits that an update carried to very different weights this need not be so;
-- then the earliest deadline would heap what is late upon the heaviest server.
local function most_owed(p, taken, t)
  local weights, credits, best, most = p.weights, p.credits, 1, -huge
  for k = 1, #weights do
    local owed = credits[k] + t * weights[k] - taken[k] * p.sum
    if owed > most then best, most = k, owed end
  end
  return best
end

-- Two plain loops, the first without a branch: of one with conditions the compiler made something
-- ten times slower where it had met a rare case first, and nested ones it gave up now and then.
local function earliest(p, plan, t)
  local deadline, release, first = plan.deadline, plan.release, huge
  for k = 1, #deadline do
    first = min(first, deadline[k] + max(release[k] - t, 0) * NEVER)
  end
  if first < t then return most_owed(p, plan.taken, t) end
  for k = 1, #deadline do
    if deadline[k] == first and release[k] <= t then return k end
  end
  return most_owed(p, plan.taken, t)
end

local function write(p, plan, k)
  local piece = plan.piece
  piece[#piece + 1] = p.wide and char(floor(k / 256), k % 256) or char(k)
  if #piece == PIECE or p.at == p.sum then
    plan.pieces[#plan.pieces + 1] = concat(piece)
    plan.piece = {}
  end
end

-- A whole lap was stepped through. What each server is owed now is carried on.
local function end_lap(p, plan)
  local same, credits = true, p.credits
  for k = 1, #credits do
    local more = p.weights[k] - plan.taken[k]
    same = same and more == 0
    credits[k] = credits[k] + more * p.sum
  end
  if not (same and plan.pieces) then return begin_lap(p) end
  p.lap, p.at, p.plan = concat(plan.pieces), 0, nil
end

local function step(p)
  local plan, t = p.plan, p.at + 1
  local k = earliest(p, plan, t)
  p.at, plan.taken[k] = t, plan.taken[k] + 1
  schedule(p, plan, k)
  if plan.pieces then write(p, plan, k) end
  if t == p.sum then end_lap(p, plan) end
  return k
end

local function slot(p, at)
  if not p.wide then return byte(p.lap, at) end
  local high, low = byte(p.lap, 2 * at - 1, 2 * at)
  return high * 256 + low
end

function picker.next(p)
  if not p.lap then return step(p) end
  local at = p.at + 1
  if at > p.sum then at = 1 end
  p.at = at
  if p.wide then return slot(p, at) end
  return byte(p.lap, at)
end

-- ---- credits

-- What each server is owed right now, in picks times S.
function picker.owed(p)
  local owed, taken = list_of(#p.weights), p.plan and p.plan.taken
  if not taken then
    taken = filled(#p.weights, 0)
    for at = 1, p.at do
      local k = slot(p, at)
      taken[k] = taken[k] + 1
    end
  end
  for k = 1, #p.weights do
    owed[k] = p.credits[k] + p.at * p.weights[k] - taken[k] * p.sum
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
  local rest, excess, room = 0, 0, 0
  for k = 1, #owed do rest = rest - owed[k] end
  for k = 1, #owed do
    owed[k] = clamp(owed[k] + rest * p.weights[k] / p.sum)
    excess = excess - owed[k]
  end
  local limit = excess > 0 and 1 or -1
  for k = 1, #owed do room = room + limit - owed[k] end
  for k = 1, #owed do
    local more = room ~= 0 and excess * (limit - owed[k]) / room or 0
    owed[k] = (owed[k] + more) * p.sum
  end
  return owed
end

-- Surviving servers keep what they are owed, in picks; new ones begin at 0. Fractions are kept:
-- rounded, the odd unit would fall to the same server at every update, and add up. Returns nil
-- where no server survives.
local function carry(p, previous)
  local before, by_address, survives = picker.owed(previous), {}, false
  for i = 1, #before do by_address[previous.addresses[i]] = before[i] / previous.sum end
  local owed = list_of(#p.addresses)
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
local function draw_place(p, random)
  local slots = min(p.sum, START_SLOTS)
  local weights = slots < p.sum and round(p.weights, p.sum, slots, random) or p.weights
  local place = { weights = weights, sum = slots, credits = filled(#weights, 0) }
  begin_lap(place)
  place.plan.pieces = nil
  for _ = 1, floor(random() * slots) do step(place) end
  local owed = picker.owed(place)
  for k = 1, #owed do owed[k] = owed[k] * (p.sum / slots) end
  return owed
end

-- `random()` returns a number from 0 up to 1.
function picker.new(servers, previous, random)
  local addresses, weights, sum = read(servers)
  local n = #addresses
  if n == 0 then return nil end
  local p = { addresses = addresses, weights = weights, sum = sum, wide = n > 255 }
  p.credits = previous and carry(p, previous) or draw_place(p, random)
  begin_lap(p)
  return p
end

return picker
