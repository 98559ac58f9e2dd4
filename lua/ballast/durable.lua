-- Durable: brings a file to disk without keeping the worker's requests waiting.
--
-- In: an open file's descriptor. Out: true once the kernel has it on disk. On failure: nil and a
-- message. Sleeps, so only where a worker may: in a timer.
--
-- An fsync takes 5 to 50 ms, in which a worker does nothing else. Linux' own asynchronous I/O runs
-- it in a thread of the kernel (since 4.18); it is asked now and then whether it is done. nginx'
-- thread pools would need a line outside the http block. Where the kernel, or what confines this
-- process, does not allow it, it is a plain fsync.

local ffi = require('ffi')

local system = require('ballast.system')

local C = ffi.C
-- io_setup, io_getevents, io_submit
local NUMBERS = ({ x64 = { 206, 208, 209 }, arm64 = { 0, 4, 2 } })[jit.arch]
local FSYNC = 2
local LOOK_SECONDS = 0.002

ffi.cdef [[
typedef struct {
  uint64_t data; uint32_t key; uint32_t rw_flags; uint16_t opcode; int16_t priority;
  uint32_t fd; uint64_t buffer; uint64_t count; int64_t offset; uint64_t reserved;
  uint32_t flags; uint32_t event;
} ballast_aio;
typedef struct {
  uint64_t data; uint64_t object; int64_t result; int64_t result2;
} ballast_aio_done;
long ballast_syscall(long number, ...) __asm__("syscall");
]]

local durable = {}

-- Of this process: an old worker's ends with it.
local context, context_of
local number = 0
local request, requests = ffi.new('ballast_aio'), ffi.new('ballast_aio *[1]')
local done, at_once = ffi.new('ballast_aio_done[1]'), ffi.new('ballast_time')
requests[0] = request

local function long(n)
  return ffi.cast('long', n)
end

-- False where there is none.
local function open_context()
  local me = ngx.worker.pid()
  if context_of == me then return context end
  context, context_of = false, me
  if not NUMBERS then return false end
  local place = ffi.new('unsigned long[1]')
  if C.ballast_syscall(NUMBERS[1], long(4), place) == 0 then context = place[0] end
  return context
end

local function submit(fd)
  if not open_context() then return false end
  number = number + 1
  request.data, request.opcode, request.fd = number, FSYNC, fd
  return C.ballast_syscall(NUMBERS[3], context, long(1), requests) == 1
end

-- Returns the result when it is there: 0, or the error's number below 0. One of a session that
-- broke off may come first: it is passed over.
local function look()
  local n = tonumber(C.ballast_syscall(NUMBERS[2], context, long(0), long(1), done, at_once))
  if n == 0 or (n == 1 and done[0].data ~= number) then return nil end
  return n == 1 and tonumber(done[0].result) or -ffi.errno()
end

-- One at a time: only snapshots come here, and they are written one after the other.
function durable.sync(fd)
  if not submit(fd) then return system.sync(fd) end
  local result = look()
  while not result do
    ngx.sleep(LOOK_SECONDS)
    result = look()
  end
  -- Not asked again: the kernel tells a failed write only once.
  if result < 0 then return nil, 'fsync: ' .. system.message(-result) end
  return true
end

return durable
