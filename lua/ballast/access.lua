-- Access: who may call the endpoint.
--
-- In: the request's token, the address it came in at. Out: nothing, where it may.
-- On failure: a status, a code and a detail. There is no default secret: without tokens only
-- requests that came in at loopback or a unix socket are answered.

local bit = require('bit')

local bor, bxor, byte, find = bit.bor, bit.bxor, string.byte, string.find

local RANK = { read = 1, write = 2, push = 3 }

local access = {}

local tokens

function access.init(config)
  tokens = config.tokens
end

-- Compares digests, all 20 bytes: the time taken says nothing about the token.
local function equal(a, b)
  local x, y, difference = ngx.sha1_bin(a), ngx.sha1_bin(b), 0
  for i = 1, #x do difference = bor(difference, bxor(byte(x, i), byte(y, i))) end
  return difference == 0
end

local function is_local(address)
  return find(address, '^unix:') or find(address, '^127%.') or address == '::1'
end

-- A page in a browser on this machine can send requests to loopback: those carry an Origin.
local function check_local()
  if not is_local(ngx.var.server_addr) then
    return 403, 'tokens-missing',
      'no tokens are configured: only loopback and unix sockets are served'
  end
  if ngx.var.http_origin then
    return 403, 'tokens-missing', 'no tokens are configured: requests of web pages are refused'
  end
end

-- A stronger token may do what a weaker may.
function access.check(need)
  if not tokens then return check_local() end
  local given = string.match(ngx.var.http_authorization or '', '^[Bb]earer +(%S+)$')
  if not given then return 401, 'token-missing', 'Authorization: Bearer TOKEN expected' end
  local rank = 0
  for kind, token in pairs(tokens) do
    if equal(given, token) and RANK[kind] > rank then rank = RANK[kind] end
  end
  if rank == 0 then return 401, 'token-unknown', 'this token is not known here' end
  if rank < RANK[need] then return 403, 'token-weak', 'a "' .. need .. '" token is needed' end
end

return access
