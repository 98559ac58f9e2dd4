-- One probe: a GET, and what its answer says.
--
-- In: an address and what is asked of it (`policy.health`). Out: true where the status is from 200
-- to 399. On failure: false and why, a short text. All of it ends within `timeoutSeconds`.
--
-- Each probe has a connection of its own: a server that takes no new ones is not healthy. Of the
-- answer no more is read than its status. With TLS the certificate is verified against `host`,
-- which is sent as SNI; without `host` only that the authority is known, for there is no name.

local system = require('ballast.system')

local format, gsub, match, max, sub =
  string.format, string.gsub, string.match, math.max, string.sub

local STATUS_BYTES = #'HTTP/1.1 200'
local MAX_WHY = 120

local probe_call = {}

local function request(address, health)
  return format('GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ballast-probe\r\nAccept: */*\r\n'
    .. 'Connection: close\r\n\r\n', health.path, health.host or address)
end

-- No step may take longer than what is left of the whole.
local function limit(socket, deadline)
  socket:settimeout(max(1, (deadline - system.monotonic()) * 1000))
end

local function connect(socket, address, health, deadline)
  local ip, port = match(address, '^(.*):(%d+)$')
  limit(socket, deadline)
  local ok, err = socket:connect(ip, tonumber(port))
  if not ok then return nil, 'connect: ' .. err end
  if not health.https then return true end
  limit(socket, deadline)
  ok, err = socket:sslhandshake(false, health.host, true)
  if not ok then return nil, 'TLS: ' .. (err or 'closed') end
  return true
end

local function exchange(socket, address, health)
  local deadline = system.monotonic() + health.timeoutSeconds
  local ok, err = connect(socket, address, health, deadline)
  if not ok then return false, err end
  limit(socket, deadline)
  ok, err = socket:send(request(address, health))
  if not ok then
    -- Where a handshake is over at once, nginx' Lua (0.10.23) calls it good although it refused the
    -- certificate and has closed the connection: nothing is sent, but the reason is lost.
    return false, health.https and 'TLS: ' .. err .. ', or its certificate is refused'
      or 'send: ' .. err
  end
  limit(socket, deadline)
  local line
  line, err = socket:receive(STATUS_BYTES)
  if not line then return false, 'answer: ' .. err end
  local status = tonumber(match(line, '^HTTP/1%.[01] (%d%d%d)$'))
  if not status then return false, 'answer: not HTTP/1.1' end
  return status >= 200 and status < 400, 'status ' .. status
end

function probe_call.run(address, health)
  local socket = ngx.socket.tcp()
  local ok, why = exchange(socket, address, health)
  socket:close()
  return ok, not ok and sub(gsub(why, '%c', ' '), 1, MAX_WHY) or nil
end

return probe_call
