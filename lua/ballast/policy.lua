-- An app's policy: how its requests are spread.
--
-- In: the policy of a decoded body. Out: whether it is right; its canonical bytes; from these the
-- policy again. On failure: nil and a message that names the place, `policy.key: ...`.
-- Pure: no ngx. The contract with TypeScript stands in test/contract.

local json = require('ballast.json')
local names = require('ballast.names')

local find, match = string.find, string.match

local BALANCES = { smooth = true, hash = true, least = true }
local UNHEALTHY = { spread = true, reject = true }
local KEYS = { balance = true, health = true, key = true, panic = true, slowStart = true,
  whenUnhealthy = true }
local HEALTH_KEYS = { fall = true, host = true, https = true, intervalSeconds = true, path = true,
  rise = true, timeoutSeconds = true }
local SLOW_START_KEYS = { seconds = true }
local MAX_SECONDS, MAX_TIMEOUT, MAX_TIMES = 3600, 60, 100
local MAX_PATH, MAX_VARIABLE = 255, 64

local policy = {}

local function check_keys(object, known, place)
  if not json.is_object(object) then return nil, place .. ': an object expected' end
  for key in pairs(object) do
    if not known[key] then return nil, place .. ': unknown key "' .. tostring(key) .. '"' end
  end
  return true
end

local function check_count(object, key, most, place)
  local value = object[key]
  local ok = type(value) == 'number' and value >= 1 and value <= most and value % 1 == 0
  if ok then return true end
  return nil, place .. '.' .. key .. ': a whole number from 1 to ' .. most .. ' expected'
end

local function check_key(value)
  local key = value.key
  if value.balance ~= 'hash' then
    return key == nil or nil, 'policy.key: only where balance is "hash"'
  end
  local ok = type(key) == 'string' and #key <= MAX_VARIABLE and find(key, '^[a-z0-9_]+$')
  return ok and true or nil, 'policy.key: the name of an nginx variable expected'
end

local function check_health(health)
  if health == nil then return true end
  local place = 'policy.health'
  local ok, why = check_keys(health, HEALTH_KEYS, place)
  if not ok then return nil, why end
  local path = health.path
  if type(path) ~= 'string' or #path > MAX_PATH or not find(path, '^/')
    or find(path, '[%s%c"\\\127-\255]') then
    return nil, place .. '.path: a path without spaces, quotes and backslashes expected'
  end
  local host = health.host
  if host ~= nil and (not names.check_host(host) or find(host, '*', 1, true)) then
    return nil, place .. '.host: a lower-case DNS name expected'
  end
  if health.https ~= nil and type(health.https) ~= 'boolean' then
    return nil, place .. '.https: true or false expected'
  end
  ok, why = check_count(health, 'intervalSeconds', MAX_SECONDS, place)
  if ok then ok, why = check_count(health, 'timeoutSeconds', MAX_TIMEOUT, place) end
  if ok then ok, why = check_count(health, 'rise', MAX_TIMES, place) end
  if ok then ok, why = check_count(health, 'fall', MAX_TIMES, place) end
  return ok, why
end

local function check_slow_start(slow_start)
  if slow_start == nil then return true end
  local ok, why = check_keys(slow_start, SLOW_START_KEYS, 'policy.slowStart')
  if not ok then return nil, why end
  return check_count(slow_start, 'seconds', MAX_SECONDS, 'policy.slowStart')
end

function policy.check(value)
  local ok, why = check_keys(value, KEYS, 'policy')
  if not ok then return nil, why end
  if not BALANCES[value.balance] then
    return nil, 'policy.balance: "smooth", "hash" or "least" expected'
  end
  if not UNHEALTHY[value.whenUnhealthy] then
    return nil, 'policy.whenUnhealthy: "spread" or "reject" expected'
  end
  ok, why = check_key(value)
  if ok and value.panic ~= nil then ok, why = check_count(value, 'panic', 100, 'policy') end
  if ok then ok, why = check_slow_start(value.slowStart) end
  if ok then ok, why = check_health(value.health) end
  return ok, why
end

-- What most apps have is written short where it is kept.
local function plain(text)
  return match(text, '^{"balance":"(%a+)","whenUnhealthy":"(%a+)"}$')
end

policy.encode = json.encode

-- No space in it.
function policy.pack(value)
  local text = json.encode(value)
  local balance, unhealthy = plain(text)
  return balance and balance .. '/' .. unhealthy or text
end

function policy.unpack(packed)
  local balance, unhealthy = match(packed, '^(%a+)/(%a+)$')
  if balance then return { balance = balance, whenUnhealthy = unhealthy } end
  return json.decode(packed)
end

return policy
