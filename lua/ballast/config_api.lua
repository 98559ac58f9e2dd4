-- The key `api` of edge.json, instead of `redis`: for an edge that may not reach Redis.
--
-- In: its value, and the folder of the file. Out: `{places, token?}` for ballast.api_source. On
-- failure: nil and a message that names the key.

local fields = require('ballast.fields')
local json = require('ballast.json')
local place = require('ballast.place')

local KEYS = { url = true, token = true, tls = true }
local SCHEMES = { http = true, https = true }

local config_api = {}

local function read_api_url(text, where, tls)
  local target, why
  if type(text) == 'string' then target, why = place.read(text, SCHEMES) end
  if not target then
    return nil, where .. ': "http://host:port" or "https://host:port" expected'
      .. (why and ': ' .. why or '')
  end
  if target.user or target.password then
    return nil, where .. ': credentials belong to api.token'
  end
  target.path = string.gsub(target.path, '/+$', '')
  local ok
  ok, why = fields.name_server(target, tls, 'api', where)
  if not ok then return nil, why end
  return target
end

-- Several controllers, of which one leads: a list.
function config_api.read(api, folder)
  local ok, why = fields.check_keys(api, KEYS, 'api')
  if ok then ok, why = fields.check_tls(api.tls, 'api.tls') end
  if not ok then return nil, why end
  local result = { places = {} }
  local many = json.is_array(api.url)
  for i, text in ipairs(many and api.url or { api.url or false }) do
    local where = many and 'api.url[' .. (i - 1) .. ']' or 'api.url'
    result.places[i], why = read_api_url(text, where, api.tls)
    if not result.places[i] then return nil, why end
  end
  if #result.places == 0 then return nil, 'api.url: at least one expected' end
  result.token, why = fields.read_secret(api.token, 'api.token', folder)
  if why then return nil, why end
  if result.token and string.find(result.token, '[^\33-\126]') then
    return nil, 'api.token: one word of printable characters expected'
  end
  return result
end

return config_api
