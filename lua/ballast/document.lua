-- Documents: what is published for one app.
--
-- In: body text (canonical or any JSON form). Out: a checked upstream `{app, hosts?, servers,
-- policy}`, its canonical bytes, and its packed form for shared memory (about a third as long; it
-- makes the exact bytes again).
-- On failure: nil and a message that names the place, `servers[2].weight: ...`.
-- Pure: no ngx, so that plain Lua runs its tests. The digest is made where ngx.sha1_bin is (sync).

local json = require('ballast.json')
local names = require('ballast.names')

local find, match, format = string.find, string.match, string.format
local concat, sort = table.concat, table.sort

local MAX_WEIGHT = 65535
local MAX_SERVERS = 20000
local BALANCES = { smooth = true }
local UNHEALTHY = { spread = true, reject = true }
local OWNERS = { controller = true, endpoint = true }
local KEYS = { app = true, hosts = true, servers = true, policy = true }
local SERVER_KEYS = { address = true, weight = true, from = true, auto = true }
local POLICY_KEYS = { balance = true, whenUnhealthy = true }

local document = {}

local function whole(value, max)
  return type(value) == 'number' and value >= 0 and value <= max and value % 1 == 0
end

local function unknown_key(object, known)
  for key in pairs(object) do
    if not known[key] then return key end
  end
end

local function check_server(server, place)
  if not json.is_object(server) then return nil, place .. ': an object expected' end
  local key = unknown_key(server, SERVER_KEYS)
  if key then return nil, place .. ': unknown key "' .. key .. '"' end
  if not names.check_address(server.address) then
    return nil, place .. '.address: "IPv4:port" or "[IPv6]:port" expected'
  end
  if not whole(server.weight, MAX_WEIGHT) then
    return nil, place .. '.weight: a whole number from 0 to 65535 expected'
  end
  if not names.check_from(server.from) then
    return nil, place .. '.from: a cluster\'s name or "vm" expected'
  end
  if server.auto ~= nil and not whole(server.auto, MAX_WEIGHT) then
    return nil, place .. '.auto: a whole number from 0 to 65535 expected'
  end
  return true
end

local function check_servers(servers)
  if not json.is_array(servers) then return nil, 'servers: an array expected' end
  if #servers > MAX_SERVERS then return nil, 'servers: more than ' .. MAX_SERVERS end
  local seen = {}
  for i, server in ipairs(servers) do
    local place = 'servers[' .. (i - 1) .. ']'
    local ok, why = check_server(server, place)
    if not ok then return nil, why end
    if seen[server.address] then
      return nil, place .. '.address: "' .. server.address .. '" stands there twice'
    end
    seen[server.address] = true
  end
  return true
end

local function check_hosts(hosts)
  if hosts == nil then return true end
  if not json.is_array(hosts) then return nil, 'hosts: an array expected' end
  local seen = {}
  for i, host in ipairs(hosts) do
    local place = 'hosts[' .. (i - 1) .. ']'
    if not names.check_host(host) then return nil, place .. ': a lower-case DNS name expected' end
    if seen[host] then return nil, place .. ': "' .. host .. '" stands there twice' end
    seen[host] = true
  end
  return true
end

local function check_policy(policy)
  if not json.is_object(policy) then return nil, 'policy: an object expected' end
  local key = unknown_key(policy, POLICY_KEYS)
  if key then return nil, 'policy: unknown key "' .. key .. '"' end
  if not BALANCES[policy.balance] then return nil, 'policy.balance: "smooth" expected' end
  if not UNHEALTHY[policy.whenUnhealthy] then
    return nil, 'policy.whenUnhealthy: "spread" or "reject" expected'
  end
  return true
end

local function check(body)
  if not json.is_object(body) then return nil, 'body: an object expected' end
  local key = unknown_key(body, KEYS)
  if key then return nil, 'body: unknown key "' .. tostring(key) .. '"' end
  local ok, why = names.check_name(body.app)
  if ok then ok, why = check_hosts(body.hosts) end
  if ok then ok, why = check_servers(body.servers) end
  if ok then ok, why = check_policy(body.policy) end
  return ok, why
end

local function by_address(a, b)
  return a.address < b.address
end

-- Any JSON form of a body. Returns the upstream, hosts and servers sorted.
function document.parse(text)
  local body, why = json.decode(text)
  if body == nil then return nil, 'body: ' .. why end
  local ok
  ok, why = check(body)
  if not ok then return nil, why end
  sort(body.servers, by_address)
  if body.hosts then sort(body.hosts) end
  return body
end

local function encode_server(server)
  return '{"address":"' .. server.address
    .. (server.auto and format('","auto":%d,"from":"', server.auto) or '","from":"')
    .. server.from .. format('","weight":%d}', server.weight)
end

-- The canonical bytes: equal to json.encode, written out because an edge that reports or gathers
-- makes thousands of them. Nothing in a checked upstream needs an escape.
function document.encode(upstream)
  local servers = {}
  for i, server in ipairs(upstream.servers) do servers[i] = encode_server(server) end
  local hosts = ''
  if upstream.hosts then
    hosts = #upstream.hosts == 0 and ',"hosts":[]'
      or ',"hosts":["' .. concat(upstream.hosts, '","') .. '"]'
  end
  return '{"app":"' .. upstream.app .. '"' .. hosts .. ',"policy":{"balance":"'
    .. upstream.policy.balance .. '","whenUnhealthy":"' .. upstream.policy.whenUnhealthy
    .. '"},"servers":[' .. concat(servers, ',') .. ']}'
end

-- Bytes that must already be canonical, as stored, sent and hashed. Returns the packed form, and
-- the upstream where the name is not reserved.
function document.take(app, bytes)
  local ok, why = names.check_name(app)
  if not ok then return nil, why end
  if names.is_reserved(app) then
    local object
    object, why = json.decode(bytes)
    if object == nil then return nil, 'body: ' .. why end
    if not json.is_object(object) then return nil, 'body: an object expected' end
    return bytes
  end
  local upstream
  upstream, why = document.parse(bytes)
  if not upstream then return nil, why end
  if upstream.app ~= app then return nil, 'app: "' .. upstream.app .. '" is not "' .. app .. '"' end
  if document.encode(upstream) ~= bytes then return nil, 'body: not canonical' end
  return document.pack(upstream), upstream
end

-- Packed: `balance whenUnhealthy[ hosts: host,host]`, then a line `address from weight[ auto]` for
-- each server.
function document.pack(upstream)
  local lines = { upstream.policy.balance .. ' ' .. upstream.policy.whenUnhealthy
    .. (upstream.hosts and ' hosts:' .. concat(upstream.hosts, ',') or '') }
  for i, server in ipairs(upstream.servers) do
    lines[i + 1] = server.address .. ' ' .. server.from
      .. format(server.auto and ' %d %d' or ' %d', server.weight, server.auto or 0)
  end
  return concat(lines, '\n')
end

-- The hosts of a packed upstream, also where its servers are of no interest.
function document.hosts(packed)
  local list = match(packed, '^%S+ %S+ hosts:([^\n]*)')
  if not list then return nil end
  local hosts = json.list()
  for host in string.gmatch(list, '[^,]+') do hosts[#hosts + 1] = host end
  return hosts
end

function document.unpack(app, packed)
  local balance, unhealthy = match(packed, '^(%S+) (%S+)')
  local servers, at = json.list(), find(packed, '\n', 1, true) or #packed
  for address, from, weight, auto in
    string.gmatch(string.sub(packed, at + 1), '(%S+) (%S+) (%d+) ?(%d*)') do
    servers[#servers + 1] =
      { address = address, from = from, weight = tonumber(weight), auto = tonumber(auto) }
  end
  return { app = app, hosts = document.hosts(packed), servers = servers,
    policy = { balance = balance, whenUnhealthy = unhealthy } }
end

-- The exact body bytes of a packed form.
function document.bytes(app, packed)
  if names.is_reserved(app) then return packed end
  return document.encode(document.unpack(app, packed))
end

-- A manifest line: `TERM VERSION DIGEST OWNER`.
function document.line(stamp)
  return format('%.0f %.0f %s %s', stamp.term, stamp.version, stamp.digest, stamp.owner)
end

function document.read_line(text)
  local term, version, digest, owner = match(text, '^(%d+) (%d+) (%S+) (%S+)')
  if not term then return nil end
  return { term = tonumber(term), version = tonumber(version), digest = digest, owner = owner }
end

function document.is_owner(owner)
  return OWNERS[owner] == true
end

-- Order of stamps: term first. Negative, 0 or positive; nothing held lies below everything.
function document.compare(a, b)
  if not b then return a and 1 or 0 end
  if not a then return -1 end
  if a.term ~= b.term then return a.term < b.term and -1 or 1 end
  if a.version ~= b.version then return a.version < b.version and -1 or 1 end
  return 0
end

-- A whole number that JSON, Redis and a double hold exactly.
function document.is_count(value)
  return whole(value, 2 ^ 53 - 1)
end

return document
