-- A small HTTP/1.1 client on cosockets, for the calls to the controller.
--
-- In: a connection, a request. Out: `{status, headers, body}`, header names in lower case.
-- On failure: nil and a message; the connection is closed, and the next request opens it again.
--
-- Everything is bounded: the head, the body, and the time of a whole request, so that no answer,
-- however slow or long, can hold the worker's memory or its one follower. Who waits is also told to
-- stop: a request ends when `is_active` says so.

local link = require('ballast.link')
local system = require('ballast.system')

local byte, find, format, lower, match, min =
  string.byte, string.find, string.format, string.lower, string.match, math.min

local ANSWER_SECONDS = 5
local MAX_HEAD = 16384
local MAX_BODY = 64 * 1024 * 1024
local MAX_LINE = 256
local MAX_TRAILERS = 32
local PIECE = 65536
local WATCH_SECONDS = 0.1
local IDLE_MS, POOL_SIZE = 60000, 4

local http = {}

-- ---- reading an answer

-- Up to the delimiter, or a failure where that is more than `max` bytes.
local function read_until(socket, delimiter, max)
  local reader = socket:receiveuntil(delimiter)
  local text, err = reader(max)
  if not text then
    -- Nothing at all stood before it.
    if not err then return '' end
    return nil, err
  end
  local more
  more, err = reader(1)
  if more then return nil, 'more than ' .. max .. ' bytes before a line\'s end' end
  if err then return nil, err end
  return text
end

local function read_head(socket)
  local text, err = read_until(socket, '\r\n\r\n', MAX_HEAD)
  if not text then return nil, err end
  local status, rest = match(text, '^HTTP/1%.[01] (%d%d%d)[^\r\n]*\r?\n?(.*)$')
  if not status then return nil, 'no HTTP/1.1 answer' end
  local headers = {}
  for line in string.gmatch(rest, '[^\r\n]+') do
    local name, value = match(line, '^([^%s:]+):[ \t]*(.-)[ \t]*$')
    if not name then return nil, 'a header without name' end
    name = lower(name)
    if name == 'content-length' and headers[name] and headers[name] ~= value then
      return nil, 'two lengths'
    end
    headers[name] = value
  end
  return { status = tonumber(status), headers = headers }
end

local function read_pieces(socket, length, parts)
  while length > 0 do
    local piece, err = socket:receive(min(length, PIECE))
    if not piece then return nil, err end
    parts[#parts + 1] = piece
    length = length - #piece
  end
  return true
end

local function read_trailers(socket)
  for _ = 1, MAX_TRAILERS do
    local line, err = read_until(socket, '\r\n', MAX_LINE)
    if not line then return nil, err end
    if line == '' then return true end
  end
  return nil, 'too many trailers'
end

local function read_chunks(socket)
  local parts, total = {}, 0
  while true do
    local line, err = read_until(socket, '\r\n', MAX_LINE)
    if not line then return nil, err end
    local size = tonumber(match(line, '^(%x+)') or '', 16)
    if not size then return nil, 'no chunk\'s size' end
    total = total + size
    if total > MAX_BODY then return nil, 'a body above ' .. MAX_BODY .. ' bytes' end
    local ok
    if size == 0 then
      ok, err = read_trailers(socket)
      if not ok then return nil, err end
      return table.concat(parts)
    end
    ok, err = read_pieces(socket, size, parts)
    if ok then ok, err = read_until(socket, '\r\n', 1) end
    if not ok then return nil, err end
    if ok ~= true and ok ~= '' then return nil, 'a chunk longer than its size' end
  end
end

local function read_body(socket, answer)
  local status, headers = answer.status, answer.headers
  if status == 204 or status == 304 then return '' end
  if headers['transfer-encoding'] then
    if lower(headers['transfer-encoding']) ~= 'chunked' then
      return nil, 'transfer-encoding ' .. headers['transfer-encoding']
    end
    return read_chunks(socket)
  end
  local length = headers['content-length']
  if not length or not find(length, '^%d+$') then return nil, 'a body without length' end
  length = tonumber(length)
  if length > MAX_BODY then return nil, 'a body above ' .. MAX_BODY .. ' bytes' end
  local parts = {}
  local ok, err = read_pieces(socket, length, parts)
  if not ok then return nil, err end
  return table.concat(parts)
end

-- ---- one exchange

local function compose(place, request)
  local body = request.body
  local lines = {
    format('%s %s%s HTTP/1.1', request.method, place.path, request.path),
    'Host: ' .. place.name .. ':' .. place.port,
    'User-Agent: ballast-edge',
    'Accept: application/json',
  }
  if request.token then lines[#lines + 1] = 'Authorization: Bearer ' .. request.token end
  if body then
    lines[#lines + 1] = 'Content-Type: application/json'
    lines[#lines + 1] = 'Content-Length: ' .. #body
  end
  return table.concat(lines, '\r\n') .. '\r\n\r\n' .. (body or '')
end

local function close(connection)
  if connection.socket then connection.socket:close() end
  connection.socket = nil
end

-- Returns whether the connection has been used before: it may have been closed meanwhile.
local function open(connection)
  if connection.socket then return true, true end
  local socket = ngx.socket.tcp()
  connection.socket = socket
  local ok, reused = link.open(socket, connection.place, connection.pool)
  if not ok then
    connection.socket = nil
    return nil, reused
  end
  return true, reused
end

local function is_kept(answer)
  return lower(answer.headers.connection or '') ~= 'close'
end

local function exchange(connection, request, milliseconds)
  local ok, reused = open(connection)
  if not ok then return nil, reused end
  local socket = connection.socket
  socket:settimeout(milliseconds)
  local answer, err
  ok, err = socket:send(compose(connection.place, request))
  if ok then answer, err = read_head(socket) end
  while answer and answer.status < 200 do answer, err = read_head(socket) end
  if not answer then
    close(connection)
    return nil, err, reused and err ~= 'timeout'
  end
  answer.body, err = read_body(socket, answer)
  if not answer.body or not is_kept(answer) then close(connection) end
  if not answer.body then return nil, err end
  return answer
end

-- A kept connection that the other side has closed says nothing about it: once more, on a new one.
-- Every call of this client may be made twice: reads, and a state that replaces the one before.
local function exchange_again(connection, request, milliseconds)
  local answer, err, stale = exchange(connection, request, milliseconds)
  if stale then answer, err = exchange(connection, request, milliseconds) end
  return answer, err
end

local function watch(deadline, is_active)
  while is_active() and system.monotonic() < deadline do ngx.sleep(WATCH_SECONDS) end
  return nil, is_active() and 'no whole answer in time' or 'stopped'
end

-- ---- in public

-- Opens nothing yet.
function http.connect(place)
  return { place = place, pool = table.concat({ 'ballast', place.tls and 'tls' or 'tcp',
    place.host, place.port, place.server_name or '' }, '|') }
end

-- `request`: `{method, path, body?, token?, seconds?}`; `seconds` is what it may take beyond what
-- every call may.
function http.request(connection, request, is_active)
  local seconds = ANSWER_SECONDS + (request.seconds or 0)
  local deadline = system.monotonic() + seconds
  local reader = ngx.thread.spawn(exchange_again, connection, request, seconds * 1000)
  local watcher = ngx.thread.spawn(watch, deadline, is_active)
  local ok, answer, err = ngx.thread.wait(reader, watcher)
  ngx.thread.kill(reader)
  ngx.thread.kill(watcher)
  if ok and answer then return answer end
  close(connection)
  return nil, ok and err or tostring(answer)
end

-- Keeps the connection for the next session of this worker.
function http.release(connection)
  if not connection.socket then return end
  local ok = connection.socket:setkeepalive(IDLE_MS, POOL_SIZE)
  if not ok then connection.socket:close() end
  connection.socket = nil
end

http.close = close

function http.escape(text)
  return (string.gsub(text, '[^%w._~-]', function(c) return format('%%%02X', byte(c)) end))
end

return http
