-- Listeners: which addresses this nginx itself listens at.
--
-- In: the sockets that this process has open, the machine's addresses. Out: whether a server's
-- address is one of them: a request sent there would come back, again and again.
-- On failure: what the kernel does not tell is not known to be ours.
--
-- The kernel is asked, not the configuration: it knows what includes, variables and an upgrade in
-- place have made of it. A worker holds every listening socket of its master, so each worker's
-- own list is whole. Ports that a NAT leads back here cannot be seen.

local ffi = require('ffi')

local system = require('ballast.system')

local C = ffi.C
local byte, find, match, sub = string.byte, string.find, string.match, string.sub

local SOL_SOCKET, SO_ACCEPTCONN, IPPROTO_IPV6, IPV6_V6ONLY = 1, 30, 41, 26
local AF_INET, AF_INET6 = 2, 10
-- Listening sockets are opened by the master, before any connection: their numbers are low.
local MAX_FD = 8192
-- An address may come and go (a shared one moves to another machine): asked again after this time.
local LOOK_SECONDS = 5
local MAPPED, ANY4, ANY6 = ('\0'):rep(10) .. '\255\255', ('\0'):rep(4), ('\0'):rep(16)
local CALLED = { [ANY4] = '\127\0\0\1', [ANY6] = ('\0'):rep(15) .. '\1' }
-- Four bytes, a colon, a port.
local MAX_KEY4 = 10
local BRACKET, ZERO = byte('['), byte('0')

ffi.cdef [[
typedef struct { unsigned short family; unsigned short port; char rest[124]; } ballast_sockaddr;
typedef struct ballast_interface {
  struct ballast_interface *next; char *name; unsigned int flags;
  ballast_sockaddr *address; void *mask; void *other; void *data;
} ballast_interface;
int ballast_getsockopt(int fd, int level, int name, int *value, unsigned int *length)
  __asm__("getsockopt");
int ballast_getsockname(int fd, ballast_sockaddr *address, unsigned int *length)
  __asm__("getsockname");
int ballast_interfaces(ballast_interface **list) __asm__("getifaddrs");
void ballast_free_interfaces(ballast_interface *list) __asm__("freeifaddrs");
]]

local listeners = {}

-- port -> true where all addresses of that family are listened at
local any4, any6 = {}, {}
-- "bytes:port" of listeners at one address; "bytes" of the machine's addresses
local exact, machine = {}, {}
-- "IPv4:port", so that the common case is one look
local own4 = {}
-- port -> true of all of these
local ports = {}
local looked_at

local value, length = ffi.new('int[1]'), ffi.new('unsigned int[1]')

local function option(fd, level, name)
  length[0] = ffi.sizeof('int')
  return C.ballast_getsockopt(fd, level, name, value, length) == 0 and value[0] or 0
end

-- The address in network order: 4 or 16 bytes, nil for other families.
local function address_bytes(address)
  if address.family == AF_INET then return ffi.string(address.rest, 4) end
  if address.family ~= AF_INET6 then return nil end
  local bytes = ffi.string(address.rest + 4, 16)
  return sub(bytes, 1, 12) == MAPPED and sub(bytes, 13) or bytes
end

local function port_of(address)
  local bytes = ffi.cast('unsigned char *', address) + 2
  return bytes[0] * 256 + bytes[1]
end

local function note_socket(fd, address)
  length[0] = ffi.sizeof(address)
  if C.ballast_getsockname(fd, address, length) ~= 0 then return end
  local bytes, port = address_bytes(address), port_of(address)
  if not bytes then return end
  ports[port] = true
  if bytes == ANY4 then
    any4[port] = true
  elseif bytes == ANY6 then
    any6[port] = true
    if option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0 then any4[port] = true end
  else
    exact[bytes .. ':' .. port] = true
  end
end

local function dotted(bytes)
  return table.concat({ byte(bytes, 1, 4) }, '.')
end

local function look_at_machine()
  machine, own4 = {}, {}
  local list = ffi.new('ballast_interface *[1]')
  if C.ballast_interfaces(list) == 0 then
    local entry = list[0]
    while entry ~= nil do
      local bytes = entry.address ~= nil and address_bytes(entry.address)
      if bytes then machine[bytes] = true end
      entry = entry.next
    end
    C.ballast_free_interfaces(list[0])
  end
  for bytes in pairs(machine) do
    if #bytes == 4 then
      for port in pairs(any4) do own4[dotted(bytes) .. ':' .. port] = true end
    end
  end
  for key in pairs(exact) do
    if #key <= MAX_KEY4 then own4[dotted(key) .. sub(key, 5)] = true end
  end
  looked_at = system.monotonic()
end

-- In a worker's start. (At init_by_lua nginx has not opened its sockets yet.)
function listeners.look()
  any4, any6, exact, ports = {}, {}, {}, {}
  local address = ffi.new('ballast_sockaddr')
  for fd = 0, MAX_FD do
    if option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1 then note_socket(fd, address) end
  end
  look_at_machine()
end

-- Spellings of one address are many. Who calls 0.0.0.0 or :: calls loopback.
local function is_own_spelled(address)
  local text, port = match(address, '^%[?([^%]]+)%]?:(%d+)$')
  local bytes = system.address_bytes(text)
  if not bytes then return false end
  if #bytes == 16 and sub(bytes, 1, 12) == MAPPED then bytes = sub(bytes, 13) end
  bytes = CALLED[bytes] or bytes
  port = tonumber(port)
  if exact[bytes .. ':' .. port] then return true end
  if #bytes == 4 then
    return any4[port] == true
      and (byte(bytes) == 127 or machine[bytes] == true)
  end
  return any6[port] == true and machine[bytes] == true
end

-- `address`: a checked "IPv4:port" or "[IPv6]:port".
function listeners.is_own(address)
  if own4[address] then return true end
  local first = byte(address)
  return (first == BRACKET or first == ZERO or find(address, '127.', 1, true) == 1)
    and is_own_spelled(address)
end

local function look_again()
  if looked_at and system.monotonic() - looked_at > LOOK_SECONDS then look_at_machine() end
end

-- The ports that this edge listens at, whatever the address.
function listeners.ports()
  return ports
end

-- For the door: a document with such a server is refused.
function listeners.check(servers)
  look_again()
  for i = 1, #servers do
    local address = servers[i].address
    if listeners.is_own(address) then
      return nil, 'servers[' .. (i - 1) .. '].address: "' .. address
        .. '" is a listener of this edge: requests would come back to it'
    end
  end
  return true
end

-- For what passed the door before the listener was there (a snapshot, a reload, an address that
-- moved here): such a server takes nothing.
function listeners.leave_out(app, servers)
  look_again()
  for i = 1, #servers do
    local server = servers[i]
    if server.weight > 0 and listeners.is_own(server.address) then
      server.weight = 0
      ngx.log(ngx.ERR, 'ballast: ', app, ': ', server.address, ' is a listener of this edge by now',
        ': left out')
    end
  end
end

return listeners
