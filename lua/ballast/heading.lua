-- Heading: what stands in a canonical body before its servers (canonical).
--
-- In: an app's name, the bytes of a body. Out: the offset behind the bracket that opens the
-- servers, the packed policy, and the hosts: packed, or where they are one, its offset and length,
-- for what is copied from there need not be a string. On failure: nil.
-- Only where there is LuaJIT's FFI. `p` are the bytes, `at` is an offset: they end in a byte 0,
-- which is none of those looked for, so nothing reads past it.

local ffi = require('ffi')

local json = require('ballast.json')
local packed = require('ballast.packed')
local policy = require('ballast.policy')

local char, find, sub = string.char, string.find, string.sub

local MAX_KNOWN = 200

ffi.cdef [[
int ballast_compare(const char *a, const char *b, size_t count) __asm__("strncmp");
]]
local C = ffi.C

local heading = {}

-- text -> packed policy, of those found right before. When there are more, all are forgotten.
local policies, n_policies = {}, 0
-- The policy of the body before, and its packed form: mostly that of the next.
local last_policy, last_rule = '?', nil

local function learn_policy(text)
  local value = json.decode(text)
  if value == nil or not policy.check(value) or policy.encode(value) ~= text then return nil end
  if n_policies >= MAX_KNOWN then policies, n_policies = {}, 0 end
  local form = packed.policy(text)
  policies[text], n_policies = form, n_policies + 1
  return form
end

-- Whether the bytes at `at` are these.
local function stands(p, at, text, n)
  return C.ballast_compare(p + at, text, n) == 0
end

-- Strictly in the order of their bytes, so none stands there twice.
local function is_below(p, a, n, b, m)
  local order = C.ballast_compare(p + a, p + b, n < m and n or m)
  return order < 0 or (order == 0 and n < m)
end

heading.stands, heading.is_below = stands, is_below

-- By byte: what a host's name consists of, and what its labels begin and end with.
local LETTER, LABEL_END = ffi.new('uint8_t[256]'), ffi.new('uint8_t[256]')
for i = 0, 255 do
  local letter = char(i)
  LETTER[i] = find(letter, '^[0-9a-z.-]') and 1 or 0
  LABEL_END[i] = find(letter, '^[0-9a-z]') and 1 or 0
end

-- Whether the quoted bytes behind `at` are a host's name, as names.check_host has it. Returns the
-- offset of the closing quote.
local function read_host(p, at)
  local start, label = at, at
  if p[at] == 42 and p[at + 1] == 46 then
    at = at + 2
    label = at
  end
  while LETTER[p[at]] == 1 do
    if p[at] == 46 then
      if at == label or at - label > 63 or LABEL_END[p[label]] + LABEL_END[p[at - 1]] < 2 then
        return nil
      end
      label = at + 1
    end
    at = at + 1
  end
  if p[at] ~= 34 or at == label or at - label > 63 or at - start > 253
    or LABEL_END[p[label]] + LABEL_END[p[at - 1]] < 2 then
    return nil
  end
  return at
end

-- A packed length of one byte.
local MAX_SHORT = 126

local function pack_hosts(list)
  return packed.length(#list + 1) .. list
end

-- `at`: behind the bracket. Returns the offset behind the last bracket, and the hosts (see above).
local function read_hosts(p, at)
  if p[at] == 93 then return at + 1, pack_hosts('') end
  local list, before, length = nil, 0, 0
  while true do
    if p[at] ~= 34 then return nil end
    local start = at + 1
    at = read_host(p, start)
    if not at or (length > 0 and not is_below(p, before, length, start, at - start)) then
      return nil
    end
    before, length = start, at - start
    if not list and p[at + 1] == 93 and length <= MAX_SHORT then
      return at + 2, nil, start, length
    end
    local host = ffi.string(p + start, length)
    list = list and list .. ',' .. host or host
    if p[at + 1] == 93 then return at + 2, pack_hosts(list) end
    if p[at + 1] ~= 44 then return nil end
    at = at + 2
  end
end

-- Returns the packed policy, and the offset behind the servers' bracket.
local function read_policy(p, at, n)
  local length = #last_policy
  if stands(p, at, last_policy, length) and stands(p, at + length, ',"servers":[', 12) then
    return last_rule, at + length + 12
  end
  local text = ffi.string(p + at, n - at)
  local stop = find(text, ',"servers":[', 1, true)
  if not stop then return nil end
  text = sub(text, 1, stop - 1)
  local rule = policies[text] or learn_policy(text)
  if not rule then return nil end
  last_policy, last_rule = text, rule
  return rule, at + stop + 11
end

function heading.read(app, p, n)
  if not stands(p, 0, '{"app":"', 8) or not stands(p, 8, app, #app) then return nil end
  local at, hosts, host, length = 8 + #app, '\0', nil, nil
  if stands(p, at, '","hosts":[', 11) then
    at, hosts, host, length = read_hosts(p, at + 11)
    if not at or not stands(p, at, ',"policy":', 10) then return nil end
    at = at + 10
  else
    if not stands(p, at, '","policy":', 11) then return nil end
    at = at + 11
  end
  local rule
  rule, at = read_policy(p, at, n)
  if not rule then return nil end
  return at, rule, hosts, host, length
end

return heading
