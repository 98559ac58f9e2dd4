-- Canonical: reads a body that is what it must be, in one pass, straight into its packed form.
--
-- In: an app's name, body bytes. Out: the packed form, the very bytes that document.parse and
-- packed.pack would make. On failure: nil, and nothing is said: the general reader (document) then
-- takes the body, or names what is wrong with it.
-- A twentieth of the general reader's time, which is what thousands of documents in one push need:
-- the servers are read as bytes, through LuaJIT's FFI. In plain Lua it is always nil. No ngx.

local json = require('ballast.json')
local names = require('ballast.names')
local packed = require('ballast.packed')
local policy = require('ballast.policy')

local found, ffi = pcall(require, 'ffi')

local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local concat, floor = table.concat, math.floor

local AUTO, MAX_PLACES = packed.AUTO, packed.MAX_PLACES
local MAX_NUMBER = 65535
-- The shortest server of a body, and the longest of the packed form.
local LEAST_BODY, MOST_PACKED = 54, 9
-- Texts that were found right before. When there are more, all are forgotten.
local MAX_KNOWN = 200

local canonical = { MAX_SERVERS = 20000 }

if not found then
  canonical.read = function() return nil end
  return canonical
end

ffi.cdef [[
int ballast_compare(const char *a, const char *b, size_t count) __asm__("strncmp");
]]
local C = ffi.C

-- text -> packed policy; cluster's name -> true
local policies, froms = {}, {}
local n_policies, n_froms = 0, 0

local function learn_policy(text)
  local value = json.decode(text)
  if value == nil or not policy.check(value) or policy.encode(value) ~= text then return nil end
  if n_policies >= MAX_KNOWN then policies, n_policies = {}, 0 end
  local form = packed.policy(text)
  policies[text], n_policies = form, n_policies + 1
  return form
end

local function learn_from(text)
  if not names.check_from(text) then return nil end
  if n_froms >= MAX_KNOWN then froms, n_froms = {}, 0 end
  froms[text], n_froms = true, n_froms + 1
  return true
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

-- ---- servers: `p` are the body's bytes, `at` is an offset. A Lua string ends in a byte 0, which
-- is none of those looked for: nothing reads past it.

local room = 0
local out

-- Whether the bytes at `at` are these.
local function stands(p, at, text, n)
  return C.ballast_compare(p + at, text, n) == 0
end

-- A whole number up to 65535 as JSON writes it. Returns it and the offset after it. (Its loop keeps
-- the traces short: written out, the whole of a server becomes one that LuaJIT gives up on.)
local function read_number(p, at)
  local value = p[at] - 48
  if value < 0 or value > 9 then return nil end
  at = at + 1
  local digit = p[at] - 48
  if value == 0 and digit >= 0 and digit <= 9 then return nil end
  while digit >= 0 and digit <= 9 do
    value = value * 10 + digit
    if value > MAX_NUMBER then return nil end
    at = at + 1
    digit = p[at] - 48
  end
  return value, at
end

-- One number of an address, and the byte that ends it, into `o`. Returns the offset after that.
local function read_octet(p, at, mark, o)
  local value = p[at] - 48
  if value < 0 or value > 9 then return nil end
  local digit = p[at + 1] - 48
  at = at + 1
  if digit >= 0 and digit <= 9 then
    if value == 0 then return nil end
    value, at = value * 10 + digit, at + 1
    digit = p[at] - 48
    if digit >= 0 and digit <= 9 then value, at = value * 10 + digit, at + 1 end
    if value > 255 then return nil end
  end
  if p[at] ~= mark then return nil end
  out[o] = value
  return at + 1
end

-- Returns the port and the offset after it.
local function read_address(p, at, o)
  at = read_octet(p, at, 46, o)
  if not at then return nil end
  at = read_octet(p, at, 46, o + 1)
  if not at then return nil end
  at = read_octet(p, at, 46, o + 2)
  if not at then return nil end
  at = read_octet(p, at, 58, o + 3)
  if not at then return nil end
  local port
  port, at = read_number(p, at)
  if not port or port == 0 then return nil end
  return port, at
end

-- Strictly in the order of their bytes, so none stands there twice.
local function is_below(p, a, n, b, m)
  local order = C.ballast_compare(p + a, p + b, n < m and n or m)
  return order < 0 or (order == 0 and n < m)
end

-- The places of the body at hand: the offset of the name, its length, the port.
local places = ffi.new('int[?]', 3 * MAX_PLACES)

-- `from`: the offset of the name, `n`: its length.
local function number_of(p, count, from, n, port)
  local i = 0
  while i < count do
    local at = 3 * i
    if places[at + 2] == port and places[at + 1] == n and stands(p, places[at], p + from, n) then
      return i
    end
    i = i + 1
  end
  return count
end

local function add_place(text, count, from, n, port)
  if count == MAX_PLACES then return nil end
  local name = sub(text, from + 1, from + n)
  if not (froms[name] or learn_from(name)) then return nil end
  places[3 * count], places[3 * count + 1], places[3 * count + 2] = from, n, port
  return count + 1
end

local function put_two(o, value)
  local high = floor(value / 256)
  out[o], out[o + 1] = high, value - 256 * high
end

local function join(text, head, count, size)
  head = head .. char(count)
  for i = 0, count - 1 do
    local at = places[3 * i]
    head = head .. packed.place(sub(text, at + 1, at + places[3 * i + 1]), places[3 * i + 2])
  end
  return head .. ffi.string(out, size)
end

-- `at`: the offset behind the bracket. Returns that of the last bracket, and the packed form.
local function read_servers(text, at, head)
  local p = ffi.cast('const uint8_t *', text)
  if p[at] == 93 then return at, head .. '\0' end
  local o, count, before, before_length = 0, 0, 0, 0
  while o + MOST_PACKED <= room do
    if not stands(p, at, '{"address":"', 12) then return nil end
    local start = at + 12
    -- Where the address goes if no auto stands before it.
    local ip, port = o + 3
    port, at = read_address(p, start, ip)
    if not port then return nil end
    if not is_below(p, before, before_length, start, at - start) then return nil end
    before, before_length = start, at - start
    local auto
    if not stands(p, at, '","from":"', 10) then
      if not stands(p, at, '","auto":', 9) then return nil end
      auto, at = read_number(p, at + 9)
      if not auto or not stands(p, at, ',"from":"', 9) then return nil end
      at = at - 1
    end
    local from = at + 10
    at = from
    while p[at] > 44 do at = at + 1 end
    local place = number_of(p, count, from, at - from, port)
    if place == count then
      count = add_place(text, count, from, at - from, port)
      if not count then return nil end
    end
    if not stands(p, at, '","weight":', 11) then return nil end
    local weight
    weight, at = read_number(p, at + 11)
    if not weight or p[at] ~= 125 then return nil end
    put_two(o + 1, weight)
    if auto then
      out[ip + 5], out[ip + 4] = out[ip + 3], out[ip + 2]
      out[ip + 3], out[ip + 2] = out[ip + 1], out[ip]
      put_two(ip, auto)
      out[o], o = place + AUTO, o + 9
    else
      out[o], o = place, o + 7
    end
    if p[at + 1] == 93 then return at + 1, join(text, head, count, o) end
    if p[at + 1] ~= 44 then return nil end
    at = at + 2
  end
end

-- Room for the most servers that a body of this length may hold; not for more than may be.
local function make_room(n)
  local most = math.min(floor(n / LEAST_BODY) + 1, canonical.MAX_SERVERS) * MOST_PACKED
  if most <= room then return end
  room = math.max(most, 2 * room)
  out = ffi.new('uint8_t[?]', room)
end

function canonical.read(app, text)
  local head, at = read_head(app, text)
  if not head then return nil end
  make_room(#text)
  local result
  at, result = read_servers(text, at - 1, head)
  if not at or #text ~= at + 2 or byte(text, at + 2) ~= 125 then return nil end
  return result
end

return canonical
