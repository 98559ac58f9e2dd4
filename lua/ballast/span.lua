-- Span: a text that is no Lua string: a place in memory and a length.
--
-- In: a text of either kind. Out: its place (`const uint8_t *`) and length, or a Lua string.
-- Never fails. In plain Lua (specs) all texts are strings.
--
-- LuaJIT keeps each string once, and finds it by a hash of sixteen of its bytes. Thousands of
-- bodies are alike in these, whatever their weights: then one string more costs as much as 40 us,
-- ten times what else there is to do for a document. So bodies of a push never become strings.

local found, ffi = pcall(require, 'ffi')
if not found then
  return {
    text = function(value) return value end,
    is_text = function(value) return type(value) == 'string' end,
  }
end

local span = {}

local slice = ffi.typeof('struct { const uint8_t *at; double n; }')
local pointer, room = ffi.typeof('const uint8_t *'), ffi.typeof('uint8_t[?]')

local MAX_SPARE = 4194304

local spare

-- Memory for many spans, of `size` bytes at least. Whoever holds one of these must hold this too.
function span.arena(size)
  local arena = spare and spare.size >= size and spare or { memory = room(size), size = size }
  if arena == spare then spare = nil end
  arena.used = 0
  return arena
end

-- For the next: fresh memory costs more than what is written to it. Its spans are no more.
function span.give_back(arena)
  if arena.size <= MAX_SPARE and (not spare or spare.size < arena.size) then spare = arena end
end

-- The next `n` bytes of it, which end in a byte 0 as those of a Lua string do.
function span.take(arena, n)
  local from = arena.used
  arena.memory[from + n] = 0
  arena.used = from + n + 1
  return slice(arena.memory + from, n)
end

function span.place(value)
  if type(value) == 'string' then return ffi.cast(pointer, value), #value end
  return value.at, value.n
end

function span.is_text(value)
  return type(value) == 'string' or ffi.istype(slice, value)
end

function span.text(value)
  if type(value) == 'string' then return value end
  return ffi.string(value.at, value.n)
end

return span
