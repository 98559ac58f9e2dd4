-- Fields: the checks that several parts of edge.json share.
--
-- In: a value and the key where it stands. Out: what it means. On failure: nil and a message that
-- begins with the key.

local json = require('ballast.json')
local place = require('ballast.place')
local system = require('ballast.system')

local TLS_KEYS = { serverName = true }
local SECRET_KEYS = { file = true }

local fields = {}

function fields.check_keys(object, known, where)
  if not json.is_object(object) then return nil, where .. ': an object expected' end
  for key in pairs(object) do
    if not known[key] then return nil, where .. ': unknown key "' .. key .. '"' end
  end
  return true
end

function fields.check_text(value, where)
  if type(value) == 'string' and value ~= '' then return value end
  return nil, where .. ': a string expected'
end

-- ---- secrets: a text, or {"file": PATH}, relative to edge.json

function fields.read_secret(value, where, folder)
  if value == nil or type(value) == 'string' then return value end
  local ok, why = fields.check_keys(value, SECRET_KEYS, where)
  if ok then ok, why = fields.check_text(value.file, where .. '.file') end
  if not ok then return nil, why end
  local path = string.find(value.file, '^/') and value.file or folder .. '/' .. value.file
  local text, err = system.read_file(path)
  if not text then return nil, where .. '.file: cannot read ' .. err end
  text = string.match(text, '^%s*(.-)%s*$')
  if text == '' then return nil, where .. '.file: ' .. path .. ' is empty' end
  return text
end

-- ---- TLS

function fields.check_tls(tls, where)
  if tls == nil then return true end
  if json.is_object(tls) and tls.ca ~= nil then
    return nil, where .. '.ca: the authorities of an edge are named by nginx\' '
      .. 'lua_ssl_trusted_certificate, in the http block'
  end
  local ok, why = fields.check_keys(tls, TLS_KEYS, where)
  if not ok then return nil, why end
  local name = tls.serverName
  if type(name) ~= 'string' or name == '' or place.is_address(name) then
    return nil, where .. '.serverName: the name in the certificate expected'
  end
  return true
end

-- A certificate's name is checked; nginx cannot check an address.
function fields.name_server(target, tls, where, url_key)
  if not target.tls then
    if tls then return nil, where .. '.tls: belongs to a URL with TLS' end
    return true
  end
  target.server_name = tls and tls.serverName or target.name
  if place.is_address(target.server_name) then
    return nil, where .. '.tls.serverName: is missing: the name in the certificate of '
      .. url_key .. ', which is an address'
  end
  return true
end

return fields
