-- Names and addresses: their syntax.
--
-- In: text from a document. Out: whether it is an app's name, an address, a host, a cluster's name.
-- On failure: false, or nil and what was expected. Pure: no ngx.

local find, match = string.find, string.match

local names = {}

-- A name that begins with `_` is reserved: its body is any JSON object.
function names.is_reserved(app)
  return find(app, '^_') ~= nil
end

function names.check_name(app)
  if type(app) ~= 'string' then return nil, 'app: a string expected' end
  if #app > 63 then return nil, 'app: longer than 63 characters' end
  if find(app, '^_[%w._-]*$') then return true end
  if find(app, '^%w[%w._-]*$') and find(app, '%w$') then return true end
  return nil, 'app: letters, digits, ".", "_" and "-" expected, with a letter or digit at both ends'
end

local function check_port(text)
  return find(text, '^[1-9]%d?%d?%d?%d?$') and tonumber(text) <= 65535
end

local function check_ipv4(text)
  local a, b, c, d = match(text, '^(%d+)%.(%d+)%.(%d+)%.(%d+)$')
  if not a then return false end
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
  return #text <= 63 and find(text, '^[a-z0-9]') and find(text, '[a-z0-9]$')
    and not find(text, '[^a-z0-9-]')
end

function names.check_host(text)
  if type(text) ~= 'string' or #text > 253 then return false end
  local name = match(text, '^%*%.(.+)$') or text
  if find(name, '..', 1, true) or find(name, '%.$') then return false end
  for label in string.gmatch(name, '[^.]+') do
    if not check_label(label) then return false end
  end
  return find(name, '^[^.]') ~= nil
end

function names.check_from(text)
  return type(text) == 'string' and check_label(text) and true or false
end

return names
