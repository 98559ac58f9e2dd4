-- Places: where something is that the edge calls, as its URL says it.
--
-- In: a URL's text and the schemes that are allowed. Out: `{scheme, tls, socket | host, port, path,
-- user?, password?}`. On failure: nil and what is wrong, without the place of the key.
-- Pure.

local match = string.match

local PORTS = { redis = 6379, rediss = 6379, http = 80, https = 443 }
local TLS = { rediss = true, https = true }

local place = {}

local function unescape(text)
  return (string.gsub(text, '%%(%x%x)', function(hex) return string.char(tonumber(hex, 16)) end))
end

local function filled(text)
  return text and text ~= '' and unescape(text) or nil
end

local function read_port(text, default)
  if text == '' then return default end
  local port = tonumber(text)
  return port >= 1 and port <= 65535 and port or nil
end

local function read_address(text, default)
  local host, port = match(text, '^(%[[%x:.]+%])$'), ''
  if not host then host, port = match(text, '^(%[[%x:.]+%]):(%d+)$') end
  if not host then host, port = match(text, '^([%w._-]+):(%d+)$') end
  if not host then host, port = match(text, '^([%w._-]+)$'), '' end
  if not host then return nil, 'no host in "' .. text .. '"' end
  port = read_port(port, default)
  if not port then return nil, 'no port from 1 to 65535 in "' .. text .. '"' end
  return host, port
end

-- Certificates are checked against names: nginx can neither send nor check an address.
function place.is_address(host)
  return match(host, '^%[') ~= nil or match(host, '^%d+%.%d+%.%d+%.%d+$') ~= nil
end

-- `unix:/path`, as nginx writes it, and `unix:///path`.
function place.socket(text)
  local path = match(text, '^unix:/?/?(/[^/].*)$')
  return path and { socket = 'unix:' .. path }
end

-- `schemes` is a set.
function place.read(text, schemes)
  local scheme, rest = match(text, '^(%l+)://(.+)$')
  if not scheme or not schemes[scheme] then return nil, 'not of a known scheme' end
  local authority, path = match(rest, '^([^/]*)(.*)$')
  local credentials, address = match(authority, '^(.*)@(.-)$')
  local host, port = read_address(address or authority, PORTS[scheme])
  if not host then return nil, port end
  local user, password
  if credentials then user, password = match(credentials, '^([^:]*):?(.*)$') end
  -- The name `localhost` is for no DNS server to answer.
  return {
    scheme = scheme, tls = TLS[scheme] or false, port = port, path = path,
    name = host, host = host == 'localhost' and '127.0.0.1' or host,
    user = filled(user), password = filled(password),
  }
end

return place
