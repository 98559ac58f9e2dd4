-- Packed: an upstream as shared memory and snapshot keep it, a seventh as long as its body.
--
-- In: a checked upstream `{app, hosts?, servers, policy}`. Out: bytes; from these (and the app's
-- name, which is not in them) the upstream again, or its exact canonical bytes.
-- Never fails: what it reads it has written. Pure: no ngx.
--
--   policy   1 byte: one of PLAIN, or 0, then length and text
--   hosts    length + 1 (0: the body has none) and the names, with commas
--   places   1 byte: how many; for each a cluster's name (1 byte of length) and a port (2 bytes)
--   servers  for each: 1 byte (AUTO + TEXT + number of its place), weight (2 bytes), auto (2 bytes,
--            where AUTO), IPv4 (4 bytes), or where TEXT the address (1 byte of length)
-- Servers of one cluster share a port mostly, so the place is written once. What finds no number
-- (there are more than MAX_PLACES) has its place written behind its first byte.
-- Lengths: 7 bits a byte, the lowest first, the eighth says that another follows.

local json = require('ballast.json')
local policy = require('ballast.policy')

local byte, char, format, match, sub =
  string.byte, string.char, string.format, string.match, string.sub
local concat, floor = table.concat, math.floor

local AUTO, TEXT, MAX_PLACES = 128, 64, 62
local INLINE = MAX_PLACES + 1

local packed = { AUTO = AUTO, TEXT = TEXT, MAX_PLACES = MAX_PLACES }

-- What most apps have, written short.
local PLAIN, CODES = {}, {}
for i, balance in ipairs({ 'smooth', 'hash', 'least' }) do
  for k, unhealthy in ipairs({ 'spread', 'reject' }) do
    local text = policy.encode({ balance = balance, whenUnhealthy = unhealthy })
    PLAIN[2 * i + k - 2] = text
    CODES[text] = char(2 * i + k - 2)
  end
end

local function length(n)
  local bytes = ''
  while n > 127 do
    bytes = bytes .. char(128 + n % 128)
    n = floor(n / 128)
  end
  return bytes .. char(n)
end

local function read_long(text, at)
  local n, unit = 0, 1
  while true do
    local mark = byte(text, at)
    at = at + 1
    if mark < 128 then return n + mark * unit, at end
    n, unit = n + (mark - 128) * unit, unit * 128
  end
end

-- Returns the number and the place after it. Mostly one byte, and no loop, which stops a trace.
local function read_length(text, at)
  local mark = byte(text, at)
  if mark < 128 then return mark, at + 1 end
  return read_long(text, at)
end

local function two(n)
  return char(floor(n / 256), n % 256)
end

-- ---- writing

function packed.policy(text)
  return CODES[text] or '\0' .. length(#text) .. text
end

function packed.hosts(list)
  if not list then return '\0' end
  local text = concat(list, ',')
  return length(#text + 1) .. text
end

function packed.place(from, port)
  return char(#from) .. from .. two(port)
end

-- "1.2.3.4:80" to "\1\2\3\4", 80; nil for an address that must stay text.
local function ipv4(address)
  local a, b, c, d, port = match(address, '^(%d+)%.(%d+)%.(%d+)%.(%d+):(%d+)$')
  return a and char(a, b, c, d), tonumber(port)
end

-- The number of a place, noted at its first use.
local function number_of(places, from, port)
  for i = 1, #places, 2 do
    if places[i] == from and places[i + 1] == port then return (i - 1) / 2 end
  end
  local n = #places / 2
  if n == MAX_PLACES then return INLINE end
  places[2 * n + 1], places[2 * n + 2] = from, port
  return n
end

local function pack_server(server, places)
  local ip, port = ipv4(server.address)
  port = port or 0
  local number = number_of(places, server.from, port)
  return char(number + (server.auto and AUTO or 0) + (ip and 0 or TEXT))
    .. (number == INLINE and packed.place(server.from, port) or '')
    .. two(server.weight) .. (server.auto and two(server.auto) or '')
    .. (ip or char(#server.address) .. server.address)
end

function packed.pack(upstream)
  local places, servers = {}, {}
  for i, server in ipairs(upstream.servers) do servers[i] = pack_server(server, places) end
  local named = {}
  for i = 1, #places, 2 do named[#named + 1] = packed.place(places[i], places[i + 1]) end
  return packed.policy(policy.encode(upstream.policy)) .. packed.hosts(upstream.hosts)
    .. char(#named) .. concat(named) .. concat(servers)
end

-- ---- reading

-- `from`, here and below: where the packed form begins; nil: at the first byte. Behind a stamp it
-- is read in place: strings of packed forms alone are as alike as bodies are (span).
local function read_policy(text, from)
  from = from or 1
  local code = byte(text, from)
  if code > 0 then return PLAIN[code], from + 1 end
  local n, at = read_length(text, from + 1)
  return sub(text, at, at + n - 1), at + n
end

-- The text of a policy that is not PLAIN: one with a key, health, panic or slow start.
function packed.special_policy(text, from)
  if byte(text, from or 1) > 0 then return nil end
  return (read_policy(text, from))
end

-- Returns the hosts with commas (nil: none are named) and the place after them.
local function read_hosts(text, at)
  local n
  n, at = read_length(text, at)
  if n == 0 then return nil, at end
  return sub(text, at, at + n - 2), at + n - 1
end

-- The place after them: a string that nobody needs costs as much as a look into shared memory.
local function skip_hosts(text, at)
  local n, after = read_length(text, at)
  return n == 0 and after or after + n - 1
end

local function read_place(text, at)
  local n = byte(text, at)
  local high, low = byte(text, at + n + 1, at + n + 2)
  return sub(text, at + 1, at + n), high * 256 + low, at + n + 3
end

local function read_places(text, at)
  local froms, ports = {}, {}
  local n = byte(text, at)
  at = at + 1
  for i = 0, n - 1 do froms[i], ports[i], at = read_place(text, at) end
  return froms, ports, at
end

local function list_of(hosts)
  if not hosts then return nil end
  local list = json.list()
  for host in string.gmatch(hosts, '[^,]+') do list[#list + 1] = host end
  return list
end

-- Calls `visit(into, n, address, weight, from, auto)` for each server, in the body's order; returns
-- how many there are.
local function each_server(text, at, visit, into)
  local froms, ports
  froms, ports, at = read_places(text, at)
  local n, stop = 0, #text
  while at <= stop do
    local kind = byte(text, at)
    local auto, from, port
    at = at + 1
    local number = kind % TEXT
    if number == INLINE then
      from, port, at = read_place(text, at)
    else
      from, port = froms[number], ports[number]
    end
    local high, low = byte(text, at, at + 1)
    at = at + 2
    if kind >= AUTO then
      local auto_high, auto_low = byte(text, at, at + 1)
      auto, at = auto_high * 256 + auto_low, at + 2
    end
    local address
    if kind % AUTO >= TEXT then
      local long = byte(text, at)
      address, at = sub(text, at + 1, at + long), at + long + 1
    else
      local a, b, c, d = byte(text, at, at + 3)
      address, at = a .. '.' .. b .. '.' .. c .. '.' .. d .. ':' .. port, at + 4
    end
    n = n + 1
    visit(into, n, address, high * 256 + low, from, auto)
  end
  return n
end

-- For those who need no table for each server.
function packed.each_server(text, visit, into, from)
  local _, at = read_policy(text, from)
  return each_server(text, skip_hosts(text, at), visit, into)
end

local function note_address(set, _, address)
  set[address] = true
end

function packed.address_set(text, from)
  local set = {}
  packed.each_server(text, note_address, set, from)
  return set
end

-- False where surely no server has one of these ports. Most upstreams have one or two, and they
-- stand in the places: so the question costs next to nothing.
function packed.may_use(text, ports, from)
  local _, at = read_policy(text, from)
  at = skip_hosts(text, at)
  local n = byte(text, at)
  if n == MAX_PLACES then return true end
  at = at + 1
  for _ = 1, n do
    local port
    _, port, at = read_place(text, at)
    -- 0: an address that is kept as text.
    if port == 0 or ports[port] then return true end
  end
  return false
end

local function note_server(list, n, address, weight, from, auto)
  list[n] = { address = address, weight = weight, from = from, auto = auto }
end

function packed.unpack(app, text, from)
  local policy_text, hosts, at
  policy_text, at = read_policy(text, from)
  hosts, at = read_hosts(text, at)
  local servers = json.list()
  each_server(text, at, note_server, servers)
  return { app = app, hosts = list_of(hosts), policy = json.decode(policy_text),
    servers = servers }
end

-- The hosts of a packed upstream, also where its servers are of no interest: with commas.
function packed.host_names(text, from)
  local _, at = read_policy(text, from)
  return (read_hosts(text, at))
end

-- Whether both name the same hosts, as they are written.
function packed.same_hosts(a, b, from)
  local _, i = read_policy(a, from)
  local _, k = read_policy(b, from)
  local stop = skip_hosts(a, i)
  if stop - i ~= skip_hosts(b, k) - k then return false end
  while i < stop do
    if byte(a, i) ~= byte(b, k) then return false end
    i, k = i + 1, k + 1
  end
  return true
end

packed.list, packed.length = list_of, length

local function write_server(parts, n, address, weight, from, auto)
  parts[n + 1] = (n > 1 and ',{"address":"' or '{"address":"') .. address
    .. (auto and format('","auto":%d,"from":"', auto) or '","from":"') .. from
    .. format('","weight":%d}', weight)
end

-- The canonical bytes again.
function packed.bytes(app, text)
  local policy_text, hosts, at
  policy_text, at = read_policy(text)
  hosts, at = read_hosts(text, at)
  local parts = {}
  local n = each_server(text, at, write_server, parts)
  local named = ''
  if hosts then
    named = hosts == '' and ',"hosts":[]'
      or ',"hosts":["' .. concat(list_of(hosts), '","') .. '"]'
  end
  parts[1] = '{"app":"' .. app .. '"' .. named .. ',"policy":' .. policy_text .. ',"servers":['
  parts[n + 2] = ']}'
  return concat(parts)
end

return packed
