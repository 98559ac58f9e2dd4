-- Link: opens a socket to a place: unix socket, TCP, TLS.
--
-- In: a fresh cosocket, a place `{socket}` or `{host, port, tls, server_name}`, the name of a pool
-- of kept connections or nil. Out: true, the socket connected, and whether it comes from the pool.
-- On failure: nil and a message that names what a person must change where it is nginx'
-- configuration.
--
-- A certificate is always verified, its name too: there is no key to switch that off. The
-- authorities are those of nginx' `lua_ssl_trusted_certificate`: nginx' Lua takes them from nowhere
-- else. An address in the place of a name would go unchecked, so config demands a name.

local CONNECT_MS = 1000

local link = {}

local function explain_connect(place, err)
  if string.find(err, 'no resolver', 1, true) then
    return place.host .. ': nginx has no `resolver` to find this name with: '
      .. 'name your DNS server in the http block, or write an address'
  end
  return (place.host or place.socket) .. ': ' .. err
end

local function explain_handshake(place, err)
  local text = place.host .. ': TLS with "' .. place.server_name .. '": ' .. err
  if not string.find(err, 'certificate', 1, true) then return text end
  return text .. ' (the authorities are those of `lua_ssl_trusted_certificate` in the http block)'
end

function link.open(socket, place, pool)
  socket:settimeout(CONNECT_MS)
  local ok, err
  if place.socket then
    ok, err = socket:connect(place.socket)
  elseif pool then
    ok, err = socket:connect(place.host, place.port, { pool = pool })
  else
    ok, err = socket:connect(place.host, place.port)
  end
  if not ok then return nil, explain_connect(place, err) end
  if socket:getreusedtimes() > 0 then return true, true end
  if not place.tls then return true, false end
  ok, err = socket:sslhandshake(false, place.server_name, true)
  if not ok then
    socket:close()
    return nil, explain_handshake(place, err or 'closed')
  end
  return true, false
end

return link
