-- Escapes in a JSON string, any of them.
--
-- In: a text and the place of a backslash. Out: the bytes meant and the place after the escape.
-- On failure: nil and a message that names the byte. Pure: no ngx.

local char, sub = string.char, string.sub

local ESCAPES = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/',
  b = '\b', f = '\f', n = '\n', r = '\r', t = '\t' }

local escapes = {}

local function utf8(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- One escape that begins at `at` (the backslash). Returns its bytes and the place after it.
function escapes.read(text, at)
  local letter = sub(text, at + 1, at + 1)
  if letter ~= 'u' then
    local plain = ESCAPES[letter]
    if not plain then return nil, 'wrong escape at byte ' .. at end
    return plain, at + 2
  end
  local digits = string.match(text, '^%x%x%x%x', at + 2)
  if not digits then return nil, 'wrong \\u escape at byte ' .. at end
  local code = tonumber(digits, 16)
  if code < 0xD800 or code > 0xDFFF then return utf8(code), at + 6 end
  local low = string.match(text, '^\\u([dD][c-fC-F]%x%x)', at + 6)
  if code > 0xDBFF or not low then return nil, 'half a surrogate pair at byte ' .. at end
  return utf8(0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00), at + 12
end

return escapes
