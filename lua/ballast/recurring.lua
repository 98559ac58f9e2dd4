-- Recurring: members of an object that stand there as they stood in the object before.
--
-- In: a text, the place of a member's opening quote, the member's number in its object. Out: its
-- key, and the place of its value; or both, and the place behind the comma.
-- On failure: nil; the general reader (json) reads it, and `note` keeps what it read.
-- The documents of a push have the same members in the same order, and mostly one term, version and
-- owner: comparing bytes spares a string, its look-up and its end for each of these. In plain Lua
-- (specs) nothing is known, and all is read the general way.

local found, ffi = pcall(require, 'ffi')
if not found then
  return { find = function() return nil end, note = function() end }
end

local sub = string.sub

ffi.cdef [[
int ballast_same(const char *a, const char *b, size_t count) __asm__("strncmp");
]]
local C = ffi.C

-- Members of a document; bytes of a member that is kept whole.
local MAX_MEMBERS, MAX_LENGTH = 8, 80

-- By number: `"key":`, `"key":value,` where it came twice, and what they mean.
local heads, wholes, keys, values = {}, {}, {}, {}
for i = 1, MAX_MEMBERS do heads[i], wholes[i], keys[i], values[i] = false, false, false, false end

local recurring = {}

local function stands(text, at, part)
  return C.ballast_same(ffi.cast('const char *', text) + at - 1, part, #part) == 0
end

-- Returns the key, the place behind, and the value where that is known too.
function recurring.find(text, at, i)
  if i > MAX_MEMBERS or not heads[i] then return nil end
  local whole = wholes[i]
  if whole and stands(text, at, whole) then return keys[i], at + #whole, values[i] end
  local head = heads[i]
  if stands(text, at, head) then return keys[i], at + #head end
  return nil
end

-- A member from `at`, whose value begins at `middle`, and which a comma at `stop` follows.
function recurring.note(text, at, i, middle, stop, key, value)
  if i > MAX_MEMBERS then return end
  if keys[i] ~= key then
    heads[i], keys[i], wholes[i], values[i] = sub(text, at, middle - 1), key, false, false
  end
  local kind = type(value)
  if stop - at > MAX_LENGTH or kind ~= 'string' and kind ~= 'number' then return end
  wholes[i] = values[i] == value and sub(text, at, stop)
  values[i] = value
end

return recurring
