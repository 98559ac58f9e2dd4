-- Numbers: those of JSON.
--
-- In: a text and a place. Out: the number that stands there, and the place behind. On failure: nil
-- and a message that names the byte. Pure: no ngx.

local find, sub = string.find, string.sub

local KNOWN_LENGTH, MAX_KNOWN = 16, 1000

local numbers = {}

local function fail(message, at)
  return nil, message .. ' at byte ' .. at
end

local function read_any_number(text, at)
  local _, stop = find(text, '^-?%d+', at)
  if not stop then return fail('no value', at) end
  if find(text, '^-?0%d', at) then return fail('number with a leading zero', at) end
  local _, fraction = find(text, '^%.%d+', stop + 1)
  stop = fraction or stop
  local _, exponent = find(text, '^[eE][+-]?%d+', stop + 1)
  stop = exponent or stop
  -- nil for an exponent of seven digits.
  local value = tonumber(sub(text, at, stop))
  if not value or value ~= value or value == math.huge or value == -math.huge then
    return fail('number out of range', at)
  end
  return value, stop + 1
end

-- Numbers recur: the terms and versions of a push. text -> value, of those found right before.
local known, n_known = {}, 0

local function learn_number(text, at)
  local value, after = read_any_number(text, at)
  if not value or after - at > KNOWN_LENGTH then return value, after end
  if n_known >= MAX_KNOWN then known, n_known = {}, 0 end
  known[sub(text, at, after - 1)] = value
  n_known = n_known + 1
  return value, after
end

function numbers.read(text, at)
  local stop = find(text, ',', at, true)
  if not stop or stop - at > KNOWN_LENGTH then return read_any_number(text, at) end
  local value = known[sub(text, at, stop - 1)]
  if value then return value, stop end
  return learn_number(text, at)
end

return numbers
