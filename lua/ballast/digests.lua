-- Digests: SHA-1 in its bytes, as memory and snapshot keep it, and in its digits, as it travels.
--
-- In: the one. Out: the other. Never fails. Pure: no ngx.

local byte, char, floor, format = string.byte, string.char, math.floor, string.format

local digests = {}

local HEX = {}
for i = 0, 255 do HEX[i] = format('%02x', i) end

-- The digits of one byte.
function digests.two(value)
  return HEX[value]
end

-- SHA-1 in its 40 digits, from its 20 bytes.
function digests.hex(bytes)
  local a, b, c, d, e, f, g, h, i, j = byte(bytes, 1, 10)
  local k, l, m, n, o, p, q, r, s, t = byte(bytes, 11, 20)
  return HEX[a] .. HEX[b] .. HEX[c] .. HEX[d] .. HEX[e] .. HEX[f] .. HEX[g] .. HEX[h] .. HEX[i]
    .. HEX[j] .. HEX[k] .. HEX[l] .. HEX[m] .. HEX[n] .. HEX[o] .. HEX[p] .. HEX[q] .. HEX[r]
    .. HEX[s] .. HEX[t]
end

local DIGITS = '0123456789abcdef'

-- Whether these are their digits.
function digests.is_hex(bytes, digits)
  if #digits ~= 2 * #bytes then return false end
  for i = 1, #bytes do
    local value, high, low = byte(bytes, i), byte(digits, 2 * i - 1, 2 * i)
    local first = floor(value / 16)
    if byte(DIGITS, first + 1) ~= high or byte(DIGITS, value - 16 * first + 1) ~= low then
      return false
    end
  end
  return true
end

-- Its 20 bytes, from its digits.
function digests.bytes(digest)
  return (string.gsub(digest, '..', function(two) return char(tonumber(two, 16)) end))
end

return digests
