-- The edge's own file, edge.json.
--
-- In: its path. Out: a checked configuration. On failure: nil and a message that names file and
-- key; nginx does not start with a wrong one.

local json = require('ballast.json')

local KEYS = { name = true, environment = true, redis = true, tokens = true, control = true,
  stateDir = true }
local REDIS_KEYS = { url = true, password = true }
local TOKEN_KEYS = { read = true, write = true, push = true }
local TOKEN_LENGTH = 12

local config = {}

local function check_keys(object, known, place)
  if not json.is_object(object) then return nil, place .. ': an object expected' end
  for key in pairs(object) do
    if not known[key] then return nil, place .. ': unknown key "' .. key .. '"' end
  end
  return true
end

local function unescape(text)
  return (string.gsub(text, '%%(%x%x)', function(hex) return string.char(tonumber(hex, 16)) end))
end

-- redis://[[user]:password@]host[:port][/database], unix:/path
local function read_url(url)
  local path = string.match(url, '^unix:/?/?(/.+)$')
  if path then return { socket = 'unix:' .. path, database = 0 } end
  local rest = string.match(url, '^redis://(.+)$')
  if not rest then return nil, 'redis.url: "redis://host:port" or "unix:/path" expected' end
  local credentials, place = string.match(rest, '^(.*)@(.-)$')
  place = place or rest
  local address, database = string.match(place, '^([^/]+)/?(%d*)$')
  if not address then return nil, 'redis.url: "redis://host:port/database" expected' end
  local host, port = string.match(address, '^(%b[]):?(%d*)$')
  if not host then host, port = string.match(address, '^([^:]+):?(%d*)$') end
  if not host then return nil, 'redis.url: no host in "' .. address .. '"' end
  local user, password
  if credentials then user, password = string.match(credentials, '^([^:]*):?(.*)$') end
  return {
    host = host == 'localhost' and '127.0.0.1' or host,
    port = tonumber(port) or 6379,
    database = tonumber(database) or 0,
    user = user and user ~= '' and unescape(user) or nil,
    password = password and password ~= '' and unescape(password) or nil,
  }
end

local function check_redis(redis)
  local ok, why = check_keys(redis, REDIS_KEYS, 'redis')
  if not ok then return nil, why end
  if type(redis.url) ~= 'string' then return nil, 'redis.url: a string expected' end
  local place
  place, why = read_url(redis.url)
  if not place then return nil, why end
  if redis.password ~= nil then
    if type(redis.password) ~= 'string' then return nil, 'redis.password: a string expected' end
    place.password = redis.password
  end
  return place
end

local function check_tokens(tokens)
  if tokens == nil then return true end
  local ok, why = check_keys(tokens, TOKEN_KEYS, 'tokens')
  if not ok then return nil, why end
  local any = false
  for kind, token in pairs(tokens) do
    if type(token) ~= 'string' or #token < TOKEN_LENGTH then
      return nil, 'tokens.' .. kind .. ': at least ' .. TOKEN_LENGTH .. ' characters expected'
    end
    any = true
  end
  if not any then return nil, 'tokens: at least one of read, write, push expected' end
  return true
end

local function check_name(value, place)
  if type(value) ~= 'string' or not string.find(value, '^%w[%w._-]*$') or #value > 63 then
    return nil, place .. ': a name of letters, digits, ".", "_" and "-" expected'
  end
  return true
end

local function check(file)
  local ok, why = check_keys(file, KEYS, 'edge.json')
  if ok then ok, why = check_name(file.name, 'name') end
  if ok then ok, why = check_name(file.environment, 'environment') end
  if not ok then return nil, why end
  if type(file.stateDir) ~= 'string' or not string.find(file.stateDir, '^/') then
    return nil, 'stateDir: an absolute path expected'
  end
  if file.control ~= nil and type(file.control) ~= 'string' then
    return nil, 'control: a URL expected'
  end
  ok, why = check_tokens(file.tokens)
  if not ok then return nil, why end
  local redis
  redis, why = check_redis(file.redis)
  if not redis then return nil, why end
  return {
    name = file.name,
    environment = file.environment,
    redis = redis,
    tokens = file.tokens,
    control = file.control,
    state_dir = (string.gsub(file.stateDir, '/+$', '')),
    prefix = '{ballast:' .. file.environment .. '}:',
  }
end

function config.load(path)
  local file, err = io.open(path, 'rb')
  if not file then return nil, 'cannot read ' .. err end
  local text = file:read('*a')
  file:close()
  local content
  content, err = json.decode(text)
  if content == nil then return nil, path .. ': ' .. err end
  local result
  result, err = check(content)
  if not result then return nil, path .. ': ' .. err end
  return result
end

return config
