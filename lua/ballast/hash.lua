-- Hash: the same key goes to the same server, on every worker and edge.
--
-- In: a picker's addresses and weights; a key as a whole number; which servers are allowed. Out: an
-- index into the addresses. On failure: nil where none is allowed.
-- Pure: plain Lua, no ngx.
--
-- Weighted rendezvous: each server draws a number for each of BUCKETS classes of keys, -log(u) /
-- weight, and the lowest has it. So shares are in proportion to the weights, a server that leaves
-- moves its keys only, each to the next in its order, and one that comes, or grows, takes only what
-- it gains. Nothing depends on what was there before.
-- Shares stray by the draw's luck: at a share of a half by 0.2 points, as a standard deviation.
-- More than FEW servers are asked once for each class, when it is first met: a pick is then one
-- read, and an update costs nothing at once.
--
-- The draws are whole numbers below 2^53 throughout, so that every machine makes the same.

local byte, floor, huge, log = string.byte, math.floor, math.huge, math.log
local has_ffi, ffi = pcall(require, 'ffi')

local BUCKETS, CHUNK, FEW = 65536, 1024, 16
-- The largest prime below 2^26: squares of what is below it are exact.
local P = 67108859
-- Spreads the classes over all of P.
local SPREAD = 1021 * 48271 % P

local hash = {}

local new_chunk
if has_ffi then
  local cells = ffi.typeof('uint16_t[?]')
  new_chunk = function() return cells(CHUNK) end
else
  new_chunk = function()
    local list = {}
    for i = 0, CHUNK - 1 do list[i] = 0 end
    return list
  end
end

local function number_of(text, base)
  local x = 0
  for i = 1, #text do x = (x * base + byte(text, i) + 1) % P end
  return x * x % P
end

function hash.new(p)
  local h = { seeds = {}, salts = {}, inverse = {}, chunks = {} }
  for k = 1, #p.addresses do
    h.seeds[k] = number_of(p.addresses[k], 65599)
    h.salts[k] = number_of(p.addresses[k], 257)
    h.inverse[k] = 1 / p.servers[k].weight
  end
  return h
end

-- -log(u) is never below 1 - u, which settles most comparisons.
local function best(h, class, allowed)
  local seeds, salts, inverse = h.seeds, h.salts, h.inverse
  local x, winner, lowest = class * SPREAD % P, 0, huge
  for k = 1, #seeds do
    local y = x + seeds[k]
    y = y * y % P + salts[k]
    y = y * y % P
    local u, scale = (y + 1) / (P + 1), inverse[k]
    if (1 - u) * scale < lowest and (not allowed or allowed[k]) then
      local draw = -log(u) * scale
      if draw < lowest then winner, lowest = k, draw end
    end
  end
  return winner
end

-- Neighbours among the keys' numbers are no neighbours among the classes.
local function class_of(number)
  return floor(number % P * 40503 / 512) % BUCKETS
end

function hash.pick(h, number)
  local class = class_of(number)
  if #h.seeds <= FEW then return best(h, class, nil) end
  local at = class % CHUNK
  local index = (class - at) / CHUNK + 1
  local chunk = h.chunks[index]
  if not chunk then
    chunk = new_chunk()
    h.chunks[index] = chunk
  end
  local k = chunk[at]
  if k > 0 then return k end
  k = best(h, class, nil)
  chunk[at] = k
  return k
end

-- The first in the key's order that is allowed.
function hash.among(h, number, allowed)
  local k = best(h, class_of(number), allowed)
  return k > 0 and k or nil
end

return hash
