-- A line of the audit without a commit: a write that was refused, or an edge that was retired.
--
-- KEYS  1 version   2 audit   3 edges
-- ARGV  1 JSON text of the line
--       2 name of an edge to retire, '' for none   3 text to leave in its heartbeat's place
--       4 start and 5 beat of its last known word, '' where none is known
-- Reply id of the line, '' where the edge has given word since: then nothing is written.
-- The id lies above the last one, and below that of the next commit.

local version_key, audit_key, edges_key = KEYS[1], KEYS[2], KEYS[3]
local line, edge, mark, start, beat = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- Not the last entry's: that may be trimmed, and an id is never given twice.
local function last_id()
  if redis.call('EXISTS', audit_key) == 0 then return '0-0' end
  local about = redis.call('XINFO', 'STREAM', audit_key)
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then return about[i + 1] end
  end
end

-- Whatever is no word of an edge is in nobody's way.
local function has_spoken()
  local text = redis.call('HGET', edges_key, edge)
  local is_json, word = pcall(cjson.decode, text or '')
  if not is_json or type(word) ~= 'table' or not word.start then return false end
  return word.start ~= start or (tonumber(word.beat) or 0) > (tonumber(beat) or 0)
end

if edge ~= '' and has_spoken() then return '' end

local version = redis.call('GET', version_key) or '0'
local clock = redis.call('TIME')
local at = string.format('%.0f', tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000))
local of, number = string.match(last_id(), '^(%d+)-(%d+)$')
local id = version .. '-1'
if tonumber(of) >= tonumber(version) then
  id = of .. '-' .. string.format('%.0f', tonumber(number) + 1)
end
redis.call('XADD', audit_key, id, 'term', '', 'at', at, 'entry', line)
if edge ~= '' then redis.call('HSET', edges_key, edge, mark) end
return id
