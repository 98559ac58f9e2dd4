-- Canonical: reads a body that is what it must be, in one pass, straight into its packed form.
--
-- In: an app's name, body bytes. Out: the packed form, the very bytes that document.parse and
-- packed.pack would make. On failure: nil, and nothing is said: the general reader (document) then
-- takes the body, or names what is wrong with it.
-- A twentieth of the general reader's time, which is what thousands of documents in one push need:
-- the servers are read as bytes, through LuaJIT's FFI. In plain Lua it is always nil. No ngx.

local names = require('ballast.names')
local packed = require('ballast.packed')
local span = require('ballast.span')

local found, ffi = pcall(require, 'ffi')

local floor = math.floor

local AUTO, MAX_PLACES = packed.AUTO, packed.MAX_PLACES
local MAX_NUMBER = 65535
-- The shortest server of a body, and the longest of the packed form.
local LEAST_BODY, MOST_PACKED = 54, 9
-- Of what stands before the servers, beyond what the body has: a stamp, and places of 66 bytes.
local MOST_HEAD = 8192
local MAX_KNOWN = 200

local canonical = { MAX_SERVERS = 20000 }

if not found then
  canonical.read = function() return nil end
  return canonical
end

local heading = require('ballast.heading')

local bit = require('bit')

local stands, is_below = heading.stands, heading.is_below
local band, rshift = bit.band, bit.rshift

ffi.cdef [[
size_t ballast_before(const char *text, const char *set) __asm__("strcspn");
]]
local C = ffi.C

-- Cluster's name -> true, of those found right before. When there are more, all are forgotten.
local froms, n_froms = {}, 0

local function learn_from(text)
  if not names.check_from(text) then return nil end
  if n_froms >= MAX_KNOWN then froms, n_froms = {}, 0 end
  froms[text], n_froms = true, n_froms + 1
  return true
end

-- The packed servers, from `first` on; before that there is room for what stands before them.
local room, first = 0, 0
local out

-- 1 where a byte is a digit.
local DIGIT = ffi.new('uint8_t[256]')
for i = 48, 57 do DIGIT[i] = 1 end

-- A server is read without a loop, and without a way for each length of a number: then LuaJIT makes
-- one trace of it. With inner loops it depends on what became hot first whether it makes any.

-- A whole number up to 65535 as JSON writes it. Returns it and the offset after it; what has more
-- digits ends before the last, where no caller finds what it expects.
local function read_number(p, at)
  local first_digit = p[at] - 48
  local a = DIGIT[p[at + 1]]
  local value = first_digit * (1 + 9 * a) + a * (p[at + 1] - 48)
  local here = at + 1 + a
  local b = a * DIGIT[p[here]]
  value = value * (1 + 9 * b) + b * (p[here] - 48)
  here = here + b
  local c = b * DIGIT[p[here]]
  value = value * (1 + 9 * c) + c * (p[here] - 48)
  here = here + c
  local d = c * DIGIT[p[here]]
  value = value * (1 + 9 * d) + d * (p[here] - 48)
  if DIGIT[p[at]] == 0 or value > MAX_NUMBER or first_digit < a then return nil end
  return value, here + d
end

-- One number of an address, and the byte that ends it, into `o`. Returns the offset after that.
local function read_octet(p, at, mark, o)
  local first_digit = p[at] - 48
  local a = DIGIT[p[at + 1]]
  local value = first_digit * (1 + 9 * a) + a * (p[at + 1] - 48)
  local here = at + 1 + a
  local b = a * DIGIT[p[here]]
  value = value * (1 + 9 * b) + b * (p[here] - 48)
  here = here + b
  if DIGIT[p[at]] == 0 or value > 255 or first_digit < a or p[here] ~= mark then return nil end
  out[o] = value
  return here + 1
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
  -- No address to nginx: names tells of it.
  if out[o] == 255 and out[o + 1] == 255 and out[o + 2] == 255 and out[o + 3] == 255 then
    return nil
  end
  local port
  port, at = read_number(p, at)
  if not port or port == 0 then return nil end
  return port, at
end

-- The places of the body at hand: the offset of the name, its length, the port.
local places = ffi.new('int[?]', 3 * MAX_PLACES)

-- `from`: the offset of the name, `n`: its length.
local function is_place(p, i, from, n, port)
  local at = 3 * i
  return places[at + 2] == port and places[at + 1] == n and stands(p, places[at], p + from, n)
end

-- The first is looked at apart: mostly there is no other.
local function number_of(p, count, from, n, port)
  if count > 0 and is_place(p, 0, from, n, port) then return 0 end
  local i = 1
  while i < count do
    if is_place(p, i, from, n, port) then return i end
    i = i + 1
  end
  return count
end

local function add_place(p, count, from, n, port)
  if count == MAX_PLACES then return nil end
  local name = ffi.string(p + from, n)
  if not (froms[name] or learn_from(name)) then return nil end
  places[3 * count], places[3 * count + 1], places[3 * count + 2] = from, n, port
  return count + 1
end

local function put_two(o, value)
  out[o], out[o + 1] = rshift(value, 8), band(value, 255)
end

-- The place of the body before, packed: mostly the only one of the next.
local last_from, last_port, last_place = '', 0, nil

local function place_at(p, i)
  local from, n, port = places[3 * i], places[3 * i + 1], places[3 * i + 2]
  if port == last_port and n == #last_from and stands(p, from, last_from, n) then
    return last_place
  end
  last_from, last_port = ffi.string(p + from, n), port
  last_place = packed.place(last_from, port)
  return last_place
end

-- The parts of stamp and heading: what they are put together from would be strings of one use.
local mark, digest, owner
local rule, hosts, host, host_length

local function put_before(o, text)
  o = o - #text
  ffi.copy(out + o, text, #text)
  return o
end

local function put_heading(p, o)
  if hosts then
    o = put_before(o, hosts)
  else
    o = o - host_length - 1
    out[o] = host_length + 1
    ffi.copy(out + o + 1, p + host, host_length)
  end
  return put_before(o, rule)
end

-- What stands before the servers goes there, the last first, so that all becomes one string.
local function join(p, count, stop)
  local o = first
  for i = count - 1, 0, -1 do o = put_before(o, place_at(p, i)) end
  out[o - 1] = count
  o = put_heading(p, o - 1)
  if mark then o = put_before(put_before(put_before(o, owner), digest), mark) end
  return ffi.string(out + o, stop - o)
end

-- `at`: the offset behind the bracket. Returns that of the last bracket, and the packed form.
local function read_servers(p, at)
  if p[at] == 93 then return at, join(p, 0, first) end
  local o, count, before, before_length = first, 0, 0, 0
  for _ = 1, canonical.MAX_SERVERS do
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
    at = from + tonumber(C.ballast_before(p + from, '"'))
    local place = number_of(p, count, from, at - from, port)
    if place == count then
      count = add_place(p, count, from, at - from, port)
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
    if p[at + 1] == 93 then return at + 1, join(p, count, o) end
    if p[at + 1] ~= 44 then return nil end
    at = at + 2
  end
  return nil
end

-- Room for the most servers that a body of this length may hold.
local function make_room(n)
  local most = math.min(floor(n / LEAST_BODY) + 1, canonical.MAX_SERVERS) * MOST_PACKED
  if n + MOST_HEAD <= first and most <= room - first then return end
  first = 2 * (n + MOST_HEAD)
  room = first + 2 * most
  out = ffi.new('uint8_t[?]', room)
end

-- `body`: a string, or a span. What else: the stamp that the packed form is to stand behind.
function canonical.read(app, body, stamp_mark, stamp_digest, stamp_owner)
  mark, digest, owner = stamp_mark, stamp_digest, stamp_owner
  local p, n = span.place(body)
  local at, result
  at, rule, hosts, host, host_length = heading.read(app, p, n)
  if not at then return nil end
  make_room(n)
  at, result = read_servers(p, at)
  if not at or n ~= at + 2 or p[at + 1] ~= 125 then return nil end
  return result
end

return canonical
