-- Writer: a long text, put together from many small ones.
--
-- In: texts, by `put`. Out: one string, by `tostring`, once. Never fails.
-- Parts of an answer that become strings of their own are looked up, kept and swept away, each of
-- them, for nothing. LuaJIT's buffer spares that; where it has none a table does.

local found, buffers = pcall(require, 'string.buffer')

local concat = table.concat

local writer = {}

local Parts = {}
Parts.__index = Parts
Parts.__tostring = function(parts) return concat(parts) end

function Parts.put(parts, ...)
  for i = 1, select('#', ...) do parts[#parts + 1] = (select(i, ...)) end
end

function writer.new()
  return found and buffers.new() or setmetatable({}, Parts)
end

return writer
