-- The few calls to the kernel that nginx' Lua lacks.
--
-- In: paths, bytes, process ids. Out: results; nil and a message on failure, never a raise.
-- They block the worker for as long as the kernel does: only `sync` may take milliseconds, and is
-- used where the kernel has no better way (durable).

local ffi = require('ffi')

local span = require('ballast.span')

local C = ffi.C
local O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_CLOEXEC = 1, 2, 64, 512, 0x80000
local LOCK_EX_NB = 6
local CLOCK_MONOTONIC = 1
local ENOENT, ESRCH, ECONNREFUSED = 2, 3, 111
local AF_UNIX, AF_INET, AF_INET6, SOCK_STREAM = 1, 2, 10, 1

-- Names of our own for the C functions, so that no other module's declaration can clash.
ffi.cdef [[
typedef struct { long sec; long nsec; } ballast_time;
typedef struct { unsigned short family; char path[108]; } ballast_address;
int ballast_clock(int clock, ballast_time *time) __asm__("clock_gettime");
int ballast_kill(int pid, int signal) __asm__("kill");
int ballast_open(const char *path, int flags, ...) __asm__("open");
long ballast_write(int fd, const char *bytes, size_t count) __asm__("write");
int ballast_fsync(int fd) __asm__("fsync");
int ballast_close(int fd) __asm__("close");
int ballast_flock(int fd, int operation) __asm__("flock");
int ballast_socket(int domain, int type, int protocol) __asm__("socket");
int ballast_connect(int fd, const ballast_address *address, unsigned int length) __asm__("connect");
int ballast_sha1_begin(void *context) __asm__("SHA1_Init");
int ballast_sha1_add(void *context, const void *bytes, size_t n) __asm__("SHA1_Update");
int ballast_sha1_end(unsigned char *to, void *context) __asm__("SHA1_Final");
char *ballast_strerror(int number) __asm__("strerror");
int ballast_read_address(int family, const char *text, void *bytes) __asm__("inet_pton");
]]

local time = ffi.new('ballast_time')

local system = {}

-- OpenSSL's, where this nginx has it: four times as fast as nginx' own. In its three steps: for the
-- one call that does all, OpenSSL 3 looks the algorithm up each time, under a lock.
local has_sha1 = pcall(function()
  return C.ballast_sha1_begin, C.ballast_sha1_add, C.ballast_sha1_end
end)
-- SHA_CTX has 96 bytes.
local context, digest = ffi.new('uint64_t[32]'), ffi.new('unsigned char[20]')

-- `text`: a string, or a span.
function system.sha1(text)
  if not has_sha1 then return ngx.sha1_bin(span.text(text)) end
  local at, n = span.place(text)
  local made = C.ballast_sha1_begin(context) == 1 and C.ballast_sha1_add(context, at, n) == 1
    and C.ballast_sha1_end(digest, context) == 1
  return made and ffi.string(digest, 20) or ngx.sha1_bin(span.text(text))
end

function system.message(number)
  return ffi.string(C.ballast_strerror(number))
end

local function fault(what)
  return nil, what .. ': ' .. system.message(ffi.errno())
end

-- Seconds since some start; a step of the wall clock does not move it.
function system.monotonic()
  C.ballast_clock(CLOCK_MONOTONIC, time)
  return tonumber(time.sec) + tonumber(time.nsec) / 1e9
end

function system.is_alive(pid)
  return C.ballast_kill(pid, 0) == 0 or ffi.errno() ~= ESRCH
end

local parsed = ffi.new('char[16]')

-- The 4 or 16 bytes of an address, however it is spelled; nil where it is none.
function system.address_bytes(text)
  local six = string.find(text, ':', 1, true)
  if C.ballast_read_address(six and AF_INET6 or AF_INET, text, parsed) ~= 1 then return nil end
  return ffi.string(parsed, six and 16 or 4)
end

function system.random_bytes(n)
  local file = assert(io.open('/dev/urandom', 'rb'))
  local bytes = file:read(n)
  file:close()
  return bytes
end

-- A whole file. Of a folder, or on a disk with a fault, it is the reading that fails, not the
-- opening. Returns nil, a message with the path, and whether there is no such file.
function system.read_file(path)
  local file, err, number = io.open(path, 'rb')
  if not file then return nil, err, number == ENOENT end
  local text
  text, err = file:read('*a')
  file:close()
  if not text then return nil, path .. ': ' .. err end
  return text
end

-- A file to be written piece by piece; `rename` puts it under its name.
function system.create(path)
  local fd = C.ballast_open(path, O_WRONLY + O_CREAT + O_TRUNC + O_CLOEXEC, ffi.cast('int', 384))
  if fd < 0 then return fault('open ' .. path) end
  return { fd = fd, path = path }
end

function system.open_folder(folder)
  local fd = C.ballast_open(folder, O_CLOEXEC)
  if fd < 0 then return fault('open ' .. folder) end
  return fd
end

function system.close(fd)
  C.ballast_close(fd)
end

function system.sync(fd)
  if C.ballast_fsync(fd) ~= 0 then return fault('fsync') end
  return true
end

function system.write(file, bytes)
  local at, pointer = 0, ffi.cast('const char *', bytes)
  while at < #bytes do
    local n = tonumber(C.ballast_write(file.fd, pointer + at, #bytes - at))
    if n < 0 then return fault('write ' .. file.path) end
    at = at + n
  end
  return true
end

function system.discard(file)
  C.ballast_close(file.fd)
  os.remove(file.path)
end

function system.rename(file, path)
  C.ballast_close(file.fd)
  local ok, err = os.rename(file.path, path)
  if not ok then return nil, err end
  return true
end

-- A lock that the kernel gives back when this process ends, however it ends.
function system.lock_file(path)
  local fd = C.ballast_open(path, O_RDWR + O_CREAT + O_CLOEXEC, ffi.cast('int', 384))
  if fd < 0 then return fault('open ' .. path) end
  if C.ballast_flock(fd, LOCK_EX_NB) ~= 0 then
    C.ballast_close(fd)
    return nil, path .. ' is held by another process', true
  end
  return fd
end

function system.unlock_file(fd)
  C.ballast_close(fd)
end

-- A unix socket that nobody listens on any more (a killed nginx leaves its own) stops nginx from
-- starting: "address already in use". One that answers is left alone.
function system.remove_dead_socket(path)
  if #path >= 108 then return end
  local fd = C.ballast_socket(AF_UNIX, SOCK_STREAM, 0)
  if fd < 0 then return end
  local address = ffi.new('ballast_address')
  address.family = AF_UNIX
  ffi.copy(address.path, path)
  local refused = C.ballast_connect(fd, address, ffi.sizeof(address)) ~= 0
    and ffi.errno() == ECONNREFUSED
  C.ballast_close(fd)
  if refused then os.remove(path) end
end

return system
