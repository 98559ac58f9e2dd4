-- Picker: which server takes the next request. Smooth and exact for whole weights.
--
-- In: the servers of one upstream (`{address, weight}`), the picker they had before, a source of
-- randomness. Out: a picker whose `next` returns an index into `picker.servers` (weight above 0
-- only). On failure: nil where no server has a weight above 0.
-- Pure: plain Lua, no ngx, no clock.
--
-- Order: Tijdeman's. Before step t each server is owed d = credit + t*w - picks*S (S: sum of the
-- weights); among those with d >= S/(2n-2) the one with the earliest deadline takes it. Counted
-- from a lap's start no server is ever a whole pick off its share.
-- A lap of up to MAX_LAP slots is written out as a byte string: a pick is then one read, and
-- allocates nothing. A longer lap is computed step by step, O(n), by the same rule.
-- An update carries what each surviving server is owed into the first lap of the new picker, so
-- that updates, however many, do not bend the shares. Every later lap is written so that it ends
-- with the credits it began with: nothing is forgotten at its seam, and it can be repeated.

local abs, byte, char, floor = math.abs, string.byte, string.char, math.floor
local concat = table.concat

local MAX_LAP = 4096
-- Credits are fractions; what differs by less is the same.
local NOTHING = 1e-6

local picker = {}

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

local function positive(servers)
  local list, divisor = {}, 0
  for i = 1, #servers do
    if servers[i].weight > 0 then
      list[#list + 1] = servers[i]
      divisor = gcd(divisor, servers[i].weight)
    end
  end
  local weights, sum = {}, 0
  for i = 1, #list do
    weights[i] = list[i].weight / divisor
    sum = sum + weights[i]
  end
  return list, weights, sum
end

-- One step. `owed` is before the step's gain; `left`, where given, are the picks that each server
-- may still have in this lap.
local function step(weights, sum, owed, left)
  local n = #weights
  local slack = n > 1 and sum / (2 * n - 2) or 0
  local best, deadline, spare, spare_deadline
  for i = 1, n do
    local w = weights[i]
    local d = owed[i] + w
    owed[i] = d
    if not left or left[i] > 0 then
      local due = (sum - slack - d) / w
      if d >= slack then
        if not best or due < deadline then best, deadline = i, due end
      elseif not spare or due < spare_deadline then
        spare, spare_deadline = i, due
      end
    end
  end
  best = best or spare
  owed[best] = owed[best] - sum
  if left then left[best] = left[best] - 1 end
  return best
end

local function copy(list)
  local result = {}
  for i = 1, #list do result[i] = list[i] end
  return result
end

local function zeros(n)
  local list = {}
  for i = 1, n do list[i] = 0 end
  return list
end

-- Writes one lap out. `owed` moves on to the lap's end.
local function write_lap(p, owed, left)
  local slots = {}
  for i = 1, p.sum do
    local k = step(p.weights, p.sum, owed, left)
    slots[i] = p.wide and char(floor(k / 256), k % 256) or char(k)
  end
  return concat(slots)
end

local function slot(p, i)
  if not p.wide then return byte(p.lap, i) end
  local high, low = byte(p.lap, 2 * i - 1, 2 * i)
  return high * 256 + low
end

local function same(a, b)
  for i = 1, #a do
    if abs(a[i] - b[i]) >= NOTHING then return false end
  end
  return true
end

-- What each server is owed right now, in picks times S.
local function owed_now(p)
  if not p.lap then return copy(p.owed) end
  local owed = copy(p.credits or zeros(#p.weights))
  for i = 1, p.at do
    local k = slot(p, i)
    owed[k] = owed[k] - p.sum
  end
  for i = 1, #owed do owed[i] = owed[i] + p.at * p.weights[i] end
  return owed
end

-- Surviving servers keep what they are owed, scaled to the new sum; new ones begin at 0. What
-- those that left were owed is given out by weight, so that the credits sum to 0. Fractions are
-- kept: rounded, the odd unit would fall to the same server at every update, and add up.
local function carry(p, previous)
  local owed, by_address = owed_now(previous), {}
  for i = 1, #owed do by_address[previous.servers[i].address] = owed[i] / previous.sum end
  local credits, rest = {}, 0
  for i = 1, #p.servers do
    credits[i] = (by_address[p.servers[i].address] or 0) * p.sum
    rest = rest - credits[i]
  end
  for i = 1, #credits do credits[i] = credits[i] + rest * p.weights[i] / p.sum end
  return credits
end

-- `random()` returns a number from 0 up to 1. A fresh picker starts anywhere in its lap: in
-- proportion to the weights, so that many workers do not all begin on one server.
function picker.new(servers, previous, random)
  local list, weights, sum = positive(servers)
  local n = #list
  if n == 0 then return nil end
  local p = { servers = list, weights = weights, sum = sum, at = 0, wide = n > 255 }
  local credits = previous and carry(p, previous) or zeros(n)
  if sum > MAX_LAP then
    p.owed = credits
    if not previous then
      -- No lap to stand in: a server drawn by weight goes first, as if the lap stood before it.
      local point, first = random() * sum, 1
      while first < n and point >= weights[first] do
        point, first = point - weights[first], first + 1
      end
      for i = 1, n do p.owed[i] = -weights[i] end
      p.owed[first] = p.owed[first] + sum
    end
    return p
  end
  local owed = copy(credits)
  p.lap = write_lap(p, owed, nil)
  -- Of thousands of apps most never changed: what is zero, or was never needed, is not kept.
  if previous then p.credits = credits end
  if not same(credits, owed) then p.settled = owed end
  if not previous then p.at = floor(random() * sum) end
  return p
end

-- At a lap's end. Where the lap ended owing what it began with, it is repeated as it is.
local function turn(p)
  p.at = 0
  if not p.settled then return end
  p.lap = write_lap(p, copy(p.settled), copy(p.weights))
  p.credits, p.settled = p.settled, nil
end

function picker.next(p)
  if not p.lap then return step(p.weights, p.sum, p.owed, nil) end
  local at = p.at + 1
  if at > p.sum then
    turn(p)
    at = 1
  end
  p.at = at
  if p.wide then return slot(p, at) end
  return byte(p.lap, at)
end

return picker
