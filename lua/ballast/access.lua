-- Access: who may call the endpoint.
--
-- In: the request's token, its client certificate, the address it came in at. Out: nothing, where
-- it may. On failure: a status, a code and a detail.
--
-- There is no default secret. With tokens a token decides, wherever the request came in. Without
-- tokens a client certificate that nginx has verified may do everything, and so may who is on
-- this machine: a request that came in at loopback or a unix socket. Anything else is refused.
-- nginx tells Lua what a listener is for only by its first request, so an endpoint that listens
-- elsewhere is there, but serves nothing, and the log says so. Where edge.json names such an
-- address as `control`, nginx does not start.

local bit = require('bit')

local bor, bxor, byte, find, match = bit.bor, bit.bxor, string.byte, string.find, string.match

local RANK = { read = 1, write = 2, push = 3 }

local access = {}

-- kind -> digest of its token
local digests
local has_told = false

-- Where the controller is told to reach the endpoint. From another machine it must show something:
-- a token, or over https its certificate.
local function check_control(control)
  local scheme, place = match(control, '^(%a+)://([^/]+)')
  local host = match(place or '', '^%[([^%]]+)%]') or match(place or '', '^[^:]+')
  if not host or scheme == 'https' or host == 'localhost' or host == '::1'
    or find(host, '^127%.[%d.]+$') then
    return
  end
  error('ballast: edge.json: control: "' .. control .. '" is not loopback: tokens are needed', 0)
end

-- Raises where the configuration would open the endpoint to anybody: then nginx does not start.
function access.init(config)
  digests = nil
  if not config.tokens then
    if config.control then check_control(config.control) end
    return
  end
  digests = {}
  for kind, token in pairs(config.tokens) do digests[kind] = ngx.sha1_bin(token) end
end

-- All 20 bytes of two digests: the time taken says nothing about the token.
local function equal(a, b)
  local difference = 0
  for i = 1, 20 do difference = bor(difference, bxor(byte(a, i), byte(b, i))) end
  return difference == 0
end

local function is_local(address)
  return find(address, '^unix:') or find(address, '^127%.') or address == '::1'
    or find(address, '^::ffff:127%.')
end

-- A name that leads to loopback may be anybody's; one's own is an address, or `localhost`.
local function is_own_name(host)
  return host == 'localhost' or find(host, '^[%d.]+$') or find(host, '^%[')
end

local function refuse_address(address)
  local detail = 'no tokens are configured: only loopback, unix sockets and clients with a '
    .. 'verified certificate are served, not ' .. address .. ':' .. ngx.var.server_port
  if not has_told then
    has_told = true
    ngx.log(ngx.ERR, 'ballast: endpoint: ', detail)
  end
  return 403, 'tokens-missing', detail
end

-- A page in a browser on this machine can send requests to loopback: those carry an Origin, or, by
-- a name that was made to lead here, their own Host.
local function check_local()
  if ngx.var.ssl_client_verify == 'SUCCESS' then return end
  local address = ngx.var.server_addr
  if not is_local(address) then return refuse_address(address) end
  if ngx.var.http_origin or not (find(address, '^unix:') or is_own_name(ngx.var.host)) then
    return 403, 'tokens-missing', 'no tokens are configured: requests of web pages are refused'
  end
end

-- A stronger token may do what a weaker may.
function access.check(need)
  if not digests then return check_local() end
  local given = match(ngx.var.http_authorization or '', '^[Bb]earer +(%S+)$')
  if not given then return 401, 'token-missing', 'Authorization: Bearer TOKEN expected' end
  local digest, rank = ngx.sha1_bin(given), 0
  for kind, known in pairs(digests) do
    if equal(digest, known) and RANK[kind] > rank then rank = RANK[kind] end
  end
  if rank == 0 then return 401, 'token-unknown', 'this token is not known here' end
  if rank < RANK[need] then return 403, 'token-weak', 'a "' .. need .. '" token is needed' end
end

return access
