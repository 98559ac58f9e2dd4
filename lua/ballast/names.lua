-- Names and addresses: their syntax.
--
-- In: text from a document. Out: whether it is an app's name, an address, a host, a cluster's name.
-- On failure: false, or nil and what was expected. Pure: no ngx.

local byte, find, match, sub = string.byte, string.find, string.match, string.sub

-- By byte, for LuaJIT compiles no patterns, and these are asked for every document.
local function class(pattern)
  local set = {}
  for i = 0, 255 do set[i] = find(string.char(i), pattern) ~= nil end
  return set
end

local WORD, NAME, LABEL, LABEL_END = class('^[0-9A-Za-z]'), class('^[0-9A-Za-z._-]'),
  class('^[0-9a-z-]'), class('^[0-9a-z]')

local function is_all(text, set, from)
  for i = from, #text do
    if not set[byte(text, i)] then return false end
  end
  return true
end

-- What nginx takes for a mistake: set_current_peer refuses it ("no host").
local NO_ADDRESS = '255.255.255.255'

local names = {}

-- A name that begins with `_` is reserved: its body is any JSON object.
function names.is_reserved(app)
  return byte(app) == 95
end

-- Of a document it is asked twice, one right after the other.
local last_name

function names.check_name(app)
  if app ~= nil and app == last_name then return true end
  if type(app) ~= 'string' then return nil, 'app: a string expected' end
  if #app > 63 then return nil, 'app: longer than 63 characters' end
  local first = byte(app)
  if first == 95 then
    if is_all(app, NAME, 2) then
      last_name = app
      return true
    end
  elseif first and WORD[first] and WORD[byte(app, #app)] and is_all(app, NAME, 2) then
    last_name = app
    return true
  end
  return nil, 'app: letters, digits, ".", "_" and "-" expected, with a letter or digit at both ends'
end

local function check_port(text)
  return find(text, '^[1-9]%d?%d?%d?%d?$') and tonumber(text) <= 65535
end

local function check_ipv4(text)
  local a, b, c, d = match(text, '^(%d+)%.(%d+)%.(%d+)%.(%d+)$')
  if not a or text == NO_ADDRESS then return false end
  for _, octet in ipairs({ a, b, c, d }) do
    if #octet > 3 or tonumber(octet) > 255 or find(octet, '^0%d') then return false end
  end
  return true
end

-- Groups of one side of `::`. Returns how many 16-bit groups it stands for, or nil.
local function count_groups(text, last)
  if text == '' then return 0 end
  local n, rest = 0, text
  while true do
    if last and find(rest, '.', 1, true) and check_ipv4(rest) then return n + 2 end
    local group, after = match(rest, '^(%x%x?%x?%x?)(.*)$')
    if not group then return nil end
    n = n + 1
    if after == '' then return n end
    rest = match(after, '^:(.+)$')
    if not rest then return nil end
  end
end

local function check_ipv6(text)
  if find(text, '^[%x:.]+$') == nil or find(text, ':::', 1, true) then return false end
  local head, tail = match(text, '^(.-)::(.*)$')
  if not head then return count_groups(text, true) == 8 end
  if find(tail, '::', 1, true) then return false end
  local before, behind = count_groups(head, false), count_groups(tail, true)
  return before ~= nil and behind ~= nil and before + behind <= 7
end

-- `IPv4:port` or `[IPv6]:port`: what set_current_peer takes without asking a name server.
function names.check_address(text)
  if type(text) ~= 'string' then return false end
  local ip, port = match(text, '^([%d.]+):(%d+)$')
  if ip then return check_ipv4(ip) and check_port(port) and true or false end
  ip, port = match(text, '^%[([^%]]+)%]:(%d+)$')
  return ip ~= nil and check_ipv6(ip) and check_port(port) and true or false
end

local function check_label(text)
  local n = #text
  return n > 0 and n <= 63 and LABEL_END[byte(text)] and LABEL_END[byte(text, n)]
    and is_all(text, LABEL, 2)
end

function names.check_host(text)
  if type(text) ~= 'string' or #text > 253 then return false end
  local at = byte(text) == 42 and byte(text, 2) == 46 and 3 or 1
  while true do
    local dot = find(text, '.', at, true)
    if not check_label(sub(text, at, dot and dot - 1 or #text)) then return false end
    if not dot then return true end
    at = dot + 1
  end
end

function names.check_from(text)
  return type(text) == 'string' and check_label(text) and true or false
end

return names
