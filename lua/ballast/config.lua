-- The edge's own file, edge.json.
--
-- In: its path. Out: a checked configuration. On failure: nil and a message that names file and
-- key; nginx does not start with a wrong one.
-- Files that it names (passwords, tokens) are read here, by nginx' master at a start and a reload:
-- workers need no right to read them.

local config_api = require('ballast.config_api')
local config_redis = require('ballast.config_redis')
local fields = require('ballast.fields')
local json = require('ballast.json')
local system = require('ballast.system')

local KEYS = { name = true, environment = true, redis = true, api = true, tokens = true,
  control = true, stateDir = true, statistics = true }
local TOKEN_KEYS = { read = true, write = true, push = true }
local TOKEN_LENGTH = 12

local config = {}

local function check_tokens(tokens)
  if tokens == nil then return true end
  local ok, why = fields.check_keys(tokens, TOKEN_KEYS, 'tokens')
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

local function check_name(value, where)
  if type(value) ~= 'string' or not string.find(value, '^%w[%w._-]*$') or #value > 63 then
    return nil, where .. ': a name of letters, digits, ".", "_" and "-" expected'
  end
  return true
end

local function read_source(file, folder)
  if (file.redis == nil) == (file.api == nil) then
    return nil, 'redis: either redis or api expected'
  end
  local source, why
  if file.api ~= nil then
    source, why = config_api.read(file.api, folder)
    return source and { api = source }, why
  end
  source, why = config_redis.read(file.redis, folder)
  return source and { redis = source }, why
end

local function check(file, folder)
  local ok, why = fields.check_keys(file, KEYS, 'edge.json')
  if ok then ok, why = check_name(file.name, 'name') end
  if ok then ok, why = check_name(file.environment, 'environment') end
  if not ok then return nil, why end
  if type(file.stateDir) ~= 'string' or not string.find(file.stateDir, '^/') then
    return nil, 'stateDir: an absolute path expected'
  end
  if file.control ~= nil and type(file.control) ~= 'string' then
    return nil, 'control: a URL expected'
  end
  if file.statistics ~= nil and type(file.statistics) ~= 'boolean' then
    return nil, 'statistics: true or false expected'
  end
  ok, why = check_tokens(file.tokens)
  if not ok then return nil, why end
  local result
  result, why = read_source(file, folder)
  if not result then return nil, why end
  result.name = file.name
  result.environment = file.environment
  result.tokens = file.tokens
  result.control = file.control
  result.statistics = file.statistics ~= false
  result.state_dir = string.gsub(file.stateDir, '/+$', '')
  result.prefix = '{ballast:' .. file.environment .. '}:'
  return result
end

function config.load(path)
  local text, err = system.read_file(path)
  if not text then return nil, 'cannot read ' .. err end
  local content
  content, err = json.decode(text)
  if content == nil then return nil, path .. ': ' .. err end
  local result
  result, err = check(content, string.match(path, '^(.*)/[^/]*$') or '.')
  if not result then return nil, path .. ': ' .. err end
  return result
end

return config
