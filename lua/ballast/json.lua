-- JSON, strict and exact.
--
-- In: text from Redis, an HTTP body, a file. Out: Lua values; objects are plain tables, arrays
-- carry the metatable `json.array` (so that [] and {} stay apart), null is `json.null`.
-- On failure: nil and a message that names the byte; nothing is guessed, nothing half read.
--
-- Own code instead of lua-cjson, because Debian's cannot tell [] from {}, takes numbers that JSON
-- forbids, keeps the last of two equal keys in silence, and names no place for a wrong value.
-- Pure: no ngx. Documents come through by the thousand: where they do, it calls what LuaJIT
-- compiles, no patterns, and has no loop within the loop over an object's members.

local escapes = require('ballast.escapes')
local numbers = require('ballast.numbers')
local quoted = require('ballast.quoted')
local recurring = require('ballast.recurring')

local byte, find, format, gsub, sub =
  string.byte, string.find, string.format, string.gsub, string.sub
local concat, sort = table.concat, table.sort
local read_number = numbers.read
local find_recurring, note_recurring = recurring.find, recurring.note

local has_new, new_table = pcall(require, 'table.new')

local MAX_DEPTH, REST_DEPTH = 32, 2
-- More than the largest call needs; 64 MiB of "[{},{}," would be gigabytes of tables.
local MAX_VALUES = 2000000

local json = {
  null = setmetatable({}, { __tostring = function() return 'null' end }),
  array = { __name = 'array' },
}

local function fail(message, at)
  return nil, message .. ' at byte ' .. at
end

-- The place of the next byte that is no white space.
local function skip(text, at)
  local mark = byte(text, at)
  while mark == 32 or mark == 10 or mark == 13 or mark == 9 do
    at = at + 1
    mark = byte(text, at)
  end
  return at
end

-- A string with escapes: any escapes, one after the other.
local function read_escaped(text, at, arena)
  local plain, after_plain
  if arena then plain, after_plain = quoted.take(text, at, arena) end
  if not plain then plain, after_plain = quoted.unescape(text, at) end
  if plain then return plain, after_plain end
  local parts, from = {}, at + 1
  while true do
    local stop = find(text, '["\\%c]', from)
    if not stop then return fail('string without end', at) end
    parts[#parts + 1] = sub(text, from, stop - 1)
    local mark = byte(text, stop)
    if mark == 34 then return concat(parts), stop + 1 end
    if mark == 127 then
      parts[#parts + 1], from = '\127', stop + 1
    elseif mark == 92 then
      local bytes, after = escapes.read(text, stop)
      if not bytes then return nil, after end
      parts[#parts + 1], from = bytes, after
    else
      return fail('control character in a string', stop)
    end
  end
end

-- A string whose opening quote is at `at`.
local function read_string(text, at, arena)
  local stop = quoted.stop(text, at)
  if not stop or byte(text, stop) ~= 34 then return read_escaped(text, at, arena) end
  return sub(text, at + 1, stop - 1), stop + 1
end

local read_value
-- Values that the text being read may still have.
local left

-- Other requests of this worker may read meanwhile.
local function let_others(rest)
  local own = left
  rest()
  left = own
end

local function read_array(text, at, depth, how)
  local array = setmetatable({}, json.array)
  at = skip(text, at + 1)
  if byte(text, at) == 93 then return array, at + 1 end
  local n = 0
  while true do
    local value, after = read_value(text, at, depth, how)
    if value == nil then return nil, after end
    n, left = n + 1, left - 1
    array[n] = value
    if left < 0 then return fail('too many values', at) end
    if how and depth == REST_DEPTH then let_others(how.rest) end
    at = skip(text, after)
    local mark = byte(text, at)
    if mark == 93 then return array, at + 1 end
    if mark ~= 44 then return fail('"," or "]" expected', at) end
    at = skip(text, at + 1)
  end
end

-- A member's key, and the place where its value begins.
local function read_key(text, at)
  if byte(text, at) ~= 34 then return fail('a key expected', at) end
  local key, after = read_string(text, at)
  if not key then return nil, after end
  at = skip(text, after)
  if byte(text, at) ~= 58 then return fail('":" expected', at) end
  return key, skip(text, at + 1)
end

-- A document of a push: its members mostly recur (recurring), and one of them may be a span.
local function read_document(text, at, depth, how)
  -- It has six members: room that grows one by one costs more than all of it.
  local object, i = has_new and new_table(0, 8) or {}, 0
  at = skip(text, at + 1)
  if byte(text, at) == 125 then return object, at + 1 end
  while true do
    i = i + 1
    local start, key, middle, value, after = at
    key, middle, value = find_recurring(text, at, i)
    if not key then
      key, middle = read_key(text, at)
      if not key then return nil, middle end
    end
    if object[key] ~= nil then return fail('key "' .. key .. '" twice', at) end
    left = left - 1
    if left < 0 then return fail('too many values', at) end
    if value ~= nil then
      object[key], at = value, skip(text, middle)
    else
      at = skip(text, middle)
      if key == how.name and byte(text, at) == 34 then
        value, after = read_string(text, at, how.arena)
      else
        value, after = read_value(text, at, depth, how)
      end
      if value == nil then return nil, after end
      object[key] = value
      at = skip(text, after)
      local mark = byte(text, at)
      if mark == 125 then return object, at + 1 end
      if mark ~= 44 then return fail('"," or "}" expected', at) end
      note_recurring(text, start, i, middle, at, key, value)
      at = skip(text, at + 1)
    end
  end
end

local function read_object(text, at, depth, how)
  if how and depth == REST_DEPTH + 1 then return read_document(text, at, depth, how) end
  local object = {}
  at = skip(text, at + 1)
  if byte(text, at) == 125 then return object, at + 1 end
  while true do
    local key, after = read_key(text, at)
    if not key then return nil, after end
    if object[key] ~= nil then return fail('key "' .. key .. '" twice', at) end
    local value
    value, after = read_value(text, after, depth, how)
    if value == nil then return nil, after end
    object[key], left = value, left - 1
    if left < 0 then return fail('too many values', at) end
    at = skip(text, after)
    local mark = byte(text, at)
    if mark == 125 then return object, at + 1 end
    if mark ~= 44 then return fail('"," or "}" expected', at) end
    at = skip(text, at + 1)
  end
end

function read_value(text, at, depth, how)
  local mark = byte(text, at)
  if mark == 34 then return read_string(text, at) end
  if mark == 123 or mark == 91 then
    if depth >= MAX_DEPTH then return fail('nested too deeply', at) end
    if mark == 123 then return read_object(text, at, depth + 1, how) end
    return read_array(text, at, depth + 1, how)
  end
  if mark == 116 and sub(text, at, at + 3) == 'true' then return true, at + 4 end
  if mark == 102 and sub(text, at, at + 4) == 'false' then return false, at + 5 end
  if mark == 110 and sub(text, at, at + 3) == 'null' then return json.null, at + 4 end
  return read_number(text, at)
end

-- `how`: for a list of thousands of documents, a member of the whole. `rest` is called after each
-- of its items (pace); in these the member `name`, where it has escapes, is a span of `arena`.
function json.decode(text, how)
  left = MAX_VALUES
  local value, after = read_value(text, skip(text, 1), 0, how)
  if value == nil then return nil, after end
  local more = skip(text, after)
  if more <= #text then return fail('something after the value', more) end
  return value
end

function json.list(table)
  return setmetatable(table or {}, json.array)
end

function json.is_array(value)
  return type(value) == 'table' and getmetatable(value) == json.array
end

function json.is_object(value)
  return type(value) == 'table' and value ~= json.null and getmetatable(value) ~= json.array
end

local SHORT = { ['"'] = '\\"', ['\\'] = '\\\\', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n',
  ['\r'] = '\\r', ['\t'] = '\\t' }

local function is_plain(text)
  for i = 1, #text do
    local mark = byte(text, i)
    if mark < 32 or mark == 34 or mark == 92 then return false end
  end
  return true
end

local function quote(text)
  if is_plain(text) then return '"' .. text .. '"' end
  return '"' .. gsub(text, '[%z\1-\31"\\]', function(c)
    return SHORT[c] or format('\\u%04x', byte(c))
  end) .. '"'
end

json.quote = quote

local write

local function write_table(value, out)
  if getmetatable(value) == json.array then
    out[#out + 1] = '['
    for i = 1, #value do
      if i > 1 then out[#out + 1] = ',' end
      write(value[i], out)
    end
    out[#out + 1] = ']'
    return
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  sort(keys)
  out[#out + 1] = '{'
  for i = 1, #keys do
    out[#out + 1] = (i > 1 and ',' or '') .. quote(keys[i]) .. ':'
    write(value[keys[i]], out)
  end
  out[#out + 1] = '}'
end

function write(value, out)
  local kind = type(value)
  if kind == 'string' then
    out[#out + 1] = quote(value)
  elseif kind == 'number' then
    -- Terms exceed 10^14, where tostring would round them.
    out[#out + 1] = value % 1 == 0 and format('%.0f', value) or format('%.17g', value)
  elseif kind == 'boolean' or value == json.null then
    out[#out + 1] = tostring(value)
  elseif kind == 'table' then
    write_table(value, out)
  else
    error('a ' .. kind .. ' has no JSON form', 0)
  end
end

-- Keys in the order of their bytes, no white space: the canonical form.
function json.encode(value)
  local out = {}
  write(value, out)
  return concat(out)
end

return json
