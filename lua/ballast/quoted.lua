-- Quoted: JSON strings, fast, where there is LuaJIT's FFI.
--
-- In: a text and the place of an opening quote. Out: where the string first has something else than
-- a plain byte; with escapes, its bytes (a string, or in an arena: a span) and the place after its
-- closing quote.
-- On failure, and for `\u`: nil; the general reader (json) then reads it, or says what is wrong.
-- Bodies travel as strings, with a hundred escaped quotes each: LuaJIT copies them byte by byte at
-- a twentieth of what gsub takes. In plain Lua (specs) there are patterns, and the general reader.

local found, ffi = pcall(require, 'ffi')
if not found then
  return {
    stop = function(text, at) return string.find(text, '["\\%c]', at + 1) end,
    unescape = function() return nil end,
    take = function() return nil end,
  }
end

local span = require('ballast.span')

ffi.cdef [[
size_t ballast_span(const char *text, const char *reject) __asm__("strcspn");
]]

-- Bytes. What is longer is read the long way.
local FIRST_ROOM, MAX_ROOM = 65536, 4194304

local letters = ffi.new('uint8_t[256]')
for letter, byte in pairs({ ['"'] = '"', ['\\'] = '\\', ['/'] = '/',
  b = '\b', f = '\f', n = '\n', r = '\r', t = '\t' }) do
  letters[string.byte(letter)] = string.byte(byte)
end

local room = FIRST_ROOM
local buffer = ffi.new('uint8_t[?]', room)

-- 1 where a byte stands for itself: no control character, quote or backslash.
local PLAIN = ffi.new('uint8_t[256]')
for i = 32, 255 do PLAIN[i] = 1 end
PLAIN[34], PLAIN[92] = 0, 0

-- Returns the number of bytes copied and the offset of the closing quote; nil and whether there was
-- no room. A Lua string ends in a byte 0: no offset runs past it. A `for` loop, whose index LuaJIT
-- keeps as a whole number; `shift` is how far behind it the text is read.
local function copy(from, at, to, most)
  local shift = at
  for i = 0, most - 1 do
    local mark = from[i + shift]
    if PLAIN[mark] == 1 then
      to[i] = mark
    elseif mark == 92 then
      shift = shift + 1
      local letter = letters[from[i + shift]]
      if letter == 0 then return nil, false end
      to[i] = letter
    elseif mark == 34 then
      return i, shift + i
    else
      return nil, false
    end
  end
  return nil, true
end

local quoted = {}

-- A Lua string ends in a byte 0, which is none of those that may stand in a JSON string.
local special = '"\\\127'
for i = 1, 31 do special = special .. string.char(i) end

-- The place of the first quote, backslash or control character behind `at`.
function quoted.stop(text, at)
  return at + 1 + tonumber(ffi.C.ballast_span(ffi.cast('const char *', text) + at, special))
end

function quoted.unescape(text, at)
  local from = ffi.cast('const uint8_t *', text)
  local n, stop = copy(from, at, buffer, room)
  while not n and stop and room < MAX_ROOM do
    room = room * 2
    buffer = ffi.new('uint8_t[?]', room)
    n, stop = copy(from, at, buffer, room)
  end
  if not n then return nil end
  return ffi.string(buffer, n), stop + 2
end

-- The arena is at least as long as the text: what is written is never longer than what was read.
function quoted.take(text, at, arena)
  local used = arena.used
  local n, stop = copy(ffi.cast('const uint8_t *', text), at, arena.memory + used,
    arena.size - used)
  if not n then return nil end
  return span.take(arena, n), stop + 2
end

return quoted
