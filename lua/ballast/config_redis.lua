-- The key `redis` of edge.json.
--
-- In: its value, and the folder of the file. Out: a place for ballast.redis. On failure: nil and a
-- message that names the key.

local fields = require('ballast.fields')
local json = require('ballast.json')
local place = require('ballast.place')

local KEYS = { url = true, user = true, password = true, tls = true, sentinels = true,
  masterName = true, sentinelPassword = true }
local SCHEMES = { redis = true, rediss = true }
local SENTINEL_PORT = 26379

local config_redis = {}

local function read_redis_url(redis)
  local url, why = fields.check_text(redis.url, 'redis.url')
  if not url then return nil, why end
  local target = place.socket(url)
  if target then return target end
  target, why = place.read(url, SCHEMES)
  if not target then
    return nil, 'redis.url: "redis://host:port", "rediss://host:port" or "unix:/path" expected: '
      .. why
  end
  local database = string.match(target.path, '^/?(%d*)$')
  if not database then return nil, 'redis.url: a database\'s number expected after the address' end
  target.database = tonumber(database) or 0
  return target
end

local function read_sentinel(text, where, tls)
  local sentinel, why
  if type(text) == 'string' then sentinel, why = place.read(text, SCHEMES) end
  if not sentinel or (sentinel.path ~= '' and sentinel.path ~= '/') then
    return nil, where .. ': "redis://host:26379" or "rediss://host:26379" expected'
      .. (why and ': ' .. why or '')
  end
  if sentinel.user or sentinel.password then
    return nil, where .. ': credentials belong to redis.sentinelPassword'
  end
  if not string.find(text, ':%d+/?$') then sentinel.port = SENTINEL_PORT end
  local ok
  ok, why = fields.name_server(sentinel, tls, 'redis', where)
  if not ok then return nil, why end
  return sentinel
end

local function read_sentinels(redis)
  if not json.is_array(redis.sentinels) or #redis.sentinels == 0 then
    return nil, 'redis.sentinels: a list of "redis://host:26379" expected'
  end
  local ok, why = fields.check_text(redis.masterName, 'redis.masterName')
  if not ok then return nil, why end
  local list = {}
  for i, text in ipairs(redis.sentinels) do
    local where = 'redis.sentinels[' .. (i - 1) .. ']'
    list[i], why = read_sentinel(text, where, redis.tls)
    if not list[i] then return nil, why end
    if list[i].tls ~= list[1].tls then
      return nil, where .. ': all with TLS (rediss://), or none'
    end
  end
  return { sentinels = list, master_name = redis.masterName, tls = list[1].tls,
    server_name = redis.tls and redis.tls.serverName }
end

local function read_place(redis)
  if redis.sentinels ~= nil then
    if redis.url ~= nil then return nil, 'redis.url: stands there instead of redis.sentinels' end
    return read_sentinels(redis)
  end
  for _, key in ipairs({ 'masterName', 'sentinelPassword' }) do
    if redis[key] ~= nil then return nil, 'redis.' .. key .. ': belongs to redis.sentinels' end
  end
  local target, why = read_redis_url(redis)
  if not target then return nil, why end
  local ok
  ok, why = fields.name_server(target, redis.tls, 'redis', 'redis.url')
  if not ok then return nil, why end
  return target
end

local function read_credentials(redis, target, folder)
  local why
  if redis.user ~= nil then
    target.user, why = fields.check_text(redis.user, 'redis.user')
    if why then return nil, why end
  end
  local password
  password, why = fields.read_secret(redis.password, 'redis.password', folder)
  if why then return nil, why end
  target.password = password or target.password
  if target.user and not target.password then
    return nil, 'redis.password: is missing beside the user'
  end
  password, why = fields.read_secret(redis.sentinelPassword, 'redis.sentinelPassword', folder)
  if why then return nil, why end
  for _, sentinel in ipairs(target.sentinels or {}) do sentinel.password = password end
  return target
end

function config_redis.read(redis, folder)
  local ok, why = fields.check_keys(redis, KEYS, 'redis')
  if ok then ok, why = fields.check_tls(redis.tls, 'redis.tls') end
  if not ok then return nil, why end
  local target
  target, why = read_place(redis)
  if not target then return nil, why end
  return read_credentials(redis, target, folder)
end

return config_redis
