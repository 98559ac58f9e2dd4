-- The body of a call.
--
-- In: the request that is served, and how many bytes it may have. Out: its text; or the object in
-- it, with the arena that its longest texts are spans of and the `rest` of a pace. On failure: nil
-- and why; what is too long is never read whole.

local json = require('ballast.json')
local pace = require('ballast.pace')
local span = require('ballast.span')

-- Bytes of a body's file that are read at a time.
local PIECE = 262144
-- Bytes of a batch: as client_max_body_size of nginx/ballast-control.conf, for those who raise it.
local MAX_CALL = 64 * 1024 * 1024

local body = {}

-- `left` bytes are read, and one more.
local function read_file(path, left, rest)
  local file, err = io.open(path, 'rb')
  if not file then return nil, 'body: ' .. err end
  local pieces = {}
  repeat
    local piece = file:read(math.min(PIECE, left + 1))
    pieces[#pieces + 1] = piece
    left = left - (piece and #piece or 0)
    rest()
  until not piece or left < 0
  file:close()
  return table.concat(pieces)
end

-- A body above client_body_buffer_size lies in a file.
function body.read(max)
  max = max or MAX_CALL
  local too_long = 'body: longer than ' .. max .. ' bytes'
  if (tonumber(ngx.var.http_content_length) or 0) > max then return nil, too_long end
  ngx.req.read_body()
  local data = ngx.req.get_body_data()
  if not data then
    local path = ngx.req.get_body_file()
    if not path then return '' end
    local err
    data, err = read_file(path, max, pace.start())
    if not data then return nil, err end
  end
  if #data > max then return nil, too_long end
  return data
end

-- The pace begins here: while a call comes in its worker is not at work.
function body.object(text)
  local arena, rest = span.arena(#text + 1), pace.start()
  local value, err = json.decode(text, { rest = rest, name = 'body', arena = arena })
  if value == nil then return nil, 'body: ' .. err end
  if not json.is_object(value) then return nil, 'body: an object expected' end
  return value, arena, rest
end

return body
