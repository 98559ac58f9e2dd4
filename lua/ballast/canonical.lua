-- Canonical: reads a body that is what it must be, in one pass, straight into its packed form.
--
-- In: an app's name, body bytes. Out: the packed form, the very bytes that document.parse and
-- packed.pack would make. On failure: nil, and nothing is said: the general reader (document) then
-- takes the body, or names what is wrong with it.
-- A twentieth of the general reader's time, which is what thousands of documents in one push need.
-- So it calls what LuaJIT compiles, plain finds and subs, no patterns; and what recurs (addresses,
-- weights, clusters, policies) is checked once and then known by its text. Pure: no ngx.

local json = require('ballast.json')
local names = require('ballast.names')
local packed = require('ballast.packed')
local policy = require('ballast.policy')

local byte, char, find, format, sub =
  string.byte, string.char, string.find, string.format, string.sub
local concat, floor = table.concat, math.floor

local AUTO, MAX_PLACES = packed.AUTO, packed.MAX_PLACES
local MAX_NUMBER = 65535
-- Texts that are known at a time. When there are more, all are forgotten.
local MAX_POLICIES, MAX_FROMS, MAX_NUMBERS, MAX_ADDRESSES = 200, 1000, 10000, 20000

local canonical = { MAX_SERVERS = 20000 }

-- text -> packed policy, place's name, two bytes; of an address: four bytes, and two of its port
local policies, froms, numbers = {}, {}, {}
local ips, ports = {}, {}
local n_policies, n_froms, n_numbers, n_addresses = 0, 0, 0, 0

local function learn_policy(text)
  local value = json.decode(text)
  if value == nil or not policy.check(value) or policy.encode(value) ~= text then return nil end
  if n_policies >= MAX_POLICIES then policies, n_policies = {}, 0 end
  local form = packed.policy(text)
  policies[text], n_policies = form, n_policies + 1
  return form
end

local function learn_from(text)
  if not names.check_from(text) then return nil end
  if n_froms >= MAX_FROMS then froms, n_froms = {}, 0 end
  local form = char(#text) .. text
  froms[text], n_froms = form, n_froms + 1
  return form
end

-- A whole number as JSON writes it.
local function learn_number(text)
  local value = tonumber(text)
  if not value or not (value >= 0 and value <= MAX_NUMBER) or format('%d', value) ~= text then
    return nil
  end
  if n_numbers >= MAX_NUMBERS then numbers, n_numbers = {}, 0 end
  local form = char(floor(value / 256), value % 256)
  numbers[text], n_numbers = form, n_numbers + 1
  return form
end

local OCTETS = {}
for i = 0, 255 do OCTETS[format('%d', i)] = i end

local function learn_address(text)
  local dot1 = find(text, '.', 1, true)
  local dot2 = dot1 and find(text, '.', dot1 + 1, true)
  local dot3 = dot2 and find(text, '.', dot2 + 1, true)
  local colon = dot3 and find(text, ':', dot3 + 1, true)
  if not colon then return nil end
  local a, b = OCTETS[sub(text, 1, dot1 - 1)], OCTETS[sub(text, dot1 + 1, dot2 - 1)]
  local c, d = OCTETS[sub(text, dot2 + 1, dot3 - 1)], OCTETS[sub(text, dot3 + 1, colon - 1)]
  local port = sub(text, colon + 1)
  local form = numbers[port] or learn_number(port)
  if not (a and b and c and d and form) or port == '0' then return nil end
  if n_addresses >= MAX_ADDRESSES then ips, ports, n_addresses = {}, {}, 0 end
  ips[text], ports[text], n_addresses = char(a, b, c, d), form, n_addresses + 1
  return ips[text]
end

-- `at`: behind the bracket. Returns the names with commas and the place behind the last bracket.
local function read_hosts(text, at)
  if byte(text, at) == 93 then return '', at + 1 end
  local list, n, before = {}, 0, ''
  while true do
    if byte(text, at) ~= 34 then return nil end
    local stop = find(text, '"', at + 1, true)
    if not stop then return nil end
    local host = sub(text, at + 1, stop - 1)
    if before >= host or not names.check_host(host) then return nil end
    n, before = n + 1, host
    list[n] = host
    local mark = byte(text, stop + 1)
    if mark == 93 then return concat(list, ',', 1, n), stop + 2 end
    if mark ~= 44 then return nil end
    at = stop + 2
  end
end

-- Everything up to the servers. Returns it packed, and the place behind the servers' bracket.
local function read_head(app, text)
  if find(text, '{"app":"', 1, true) ~= 1 or find(text, app, 9, true) ~= 9 then return nil end
  local at = 9 + #app
  local hosts = '\0'
  if find(text, '","hosts":[', at, true) == at then
    local list
    list, at = read_hosts(text, at + 11)
    if not list then return nil end
    hosts = packed.length(#list + 1) .. list
    if find(text, ',"policy":', at, true) ~= at then return nil end
    at = at + 10
  else
    if find(text, '","policy":', at, true) ~= at then return nil end
    at = at + 11
  end
  local stop = find(text, ',"servers":[', at, true)
  if not stop then return nil end
  local policy_text = sub(text, at, stop - 1)
  local rule = policies[policy_text] or learn_policy(policy_text)
  if not rule then return nil end
  return rule .. hosts, stop + 12
end

local KINDS, AUTO_KINDS = {}, {}
for i = 0, MAX_PLACES - 1 do KINDS[i], AUTO_KINDS[i] = char(i), char(i + AUTO) end

-- What one body is put together from: only up to what the body at hand has filled.
local parts, place_froms, place_ports = {}, {}, {}

local function number_of(n, from, port)
  for i = 0, n - 1 do
    if place_ports[i] == port and place_froms[i] == from then return i end
  end
  place_froms[n], place_ports[n] = from, port
  return n
end

local function join(head, places, n)
  for i = 0, places - 1 do head = head .. place_froms[i] .. place_ports[i] end
  return head .. concat(parts, '', 1, n)
end

-- `at`: behind the bracket. Returns the place of the last bracket and the packed form.
local function read_servers(text, at, head)
  if byte(text, at) == 93 then return at, head .. '\0' end
  local n, servers, places, before = 0, 0, 0, ''
  while true do
    if find(text, '{"address":"', at, true) ~= at then return nil end
    at = at + 12
    local stop = find(text, '"', at, true)
    if not stop then return nil end
    local address = sub(text, at, stop - 1)
    local ip = ips[address] or learn_address(address)
    if not ip or before >= address then return nil end
    before = address
    local auto
    if find(text, '","from":"', stop, true) == stop then
      at = stop + 10
    else
      if find(text, '","auto":', stop, true) ~= stop then return nil end
      at = stop + 9
      stop = find(text, ',"from":"', at, true)
      if not stop then return nil end
      local digits = sub(text, at, stop - 1)
      auto, at = numbers[digits] or learn_number(digits), stop + 9
      if not auto then return nil end
    end
    stop = find(text, '","weight":', at, true)
    if not stop then return nil end
    local from = sub(text, at, stop - 1)
    local place = number_of(places, froms[from] or learn_from(from), ports[address])
    at = stop + 11
    stop = find(text, '}', at, true)
    if not stop or place == MAX_PLACES or not place_froms[place] then return nil end
    if place == places then places = places + 1 end
    local digits = sub(text, at, stop - 1)
    local weight = numbers[digits] or learn_number(digits)
    if not weight then return nil end
    parts[n + 1] = auto and AUTO_KINDS[place] or KINDS[place]
    parts[n + 2] = weight
    if auto then
      n = n + 1
      parts[n + 2] = auto
    end
    parts[n + 3] = ip
    n, servers = n + 3, servers + 1
    local mark = byte(text, stop + 1)
    if mark == 93 then return stop + 1, join(head .. char(places), places, n) end
    if mark ~= 44 or servers >= canonical.MAX_SERVERS then return nil end
    at = stop + 2
  end
end

function canonical.read(app, text)
  local head, at = read_head(app, text)
  if not head then return nil end
  local result
  at, result = read_servers(text, at, head)
  if not at or byte(text, at + 1) ~= 125 or #text ~= at + 1 then return nil end
  return result
end

return canonical
