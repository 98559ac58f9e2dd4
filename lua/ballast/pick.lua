-- Pick: which server the app's policy gives a request.
--
-- In: an entry; for another than the first pick, which servers are allowed. Out: an index into the
-- entry's addresses. On failure: nil where none is allowed.
-- It allocates nothing of its own; the value of a key is a string.

local hash = require('ballast.hash')
local least = require('ballast.least')
local picker = require('ballast.picker')
local places = require('ballast.places')

local next_smooth, next_least, by_key = picker.next, least.next, hash.pick
local random = math.random

local pick = {}

-- Adds to an entry what its balance needs: nothing where it is smooth.
function pick.prepare(entry, policy)
  if policy.balance == 'smooth' then return end
  entry.balance = policy.balance
  if policy.balance == 'hash' then
    entry.key, entry.hash = policy.key, hash.new(entry)
  elseif policy.balance == 'least' then
    entry.places = places.of(entry.app, entry.addresses)
  end
end

-- The request's key as a number, or nil where it is empty: such requests have no server of theirs.
local function key_of(entry)
  local value = ngx.var[entry.key]
  if not value or value == '' then return nil end
  return ngx.crc32_short(value)
end

function pick.next(entry)
  local balance = entry.balance
  if not balance then return next_smooth(entry) end
  if balance == 'least' then return next_least(entry, entry.places, nil) end
  local number = balance == 'hash' and key_of(entry)
  if number then return by_key(entry.hash, number) end
  return next_smooth(entry)
end

-- Drawn by weight.
local function draw(p, allowed)
  local best, sum = nil, 0
  for k = 1, #p.addresses do
    if allowed[k] then
      local weight = p.servers[k].weight
      sum = sum + weight
      if random() * sum < weight then best = k end
    end
  end
  return best
end

function pick.among(entry, allowed)
  local balance = entry.balance
  if balance == 'least' then return next_least(entry, entry.places, allowed) end
  local number = balance == 'hash' and key_of(entry)
  if number then return hash.among(entry.hash, number, allowed) end
  return draw(entry, allowed)
end

return pick
