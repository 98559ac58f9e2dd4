-- A line of the audit without a commit: a write that was refused.
--
-- KEYS  1 version   2 audit
-- ARGV  1 JSON text
-- Its id lies above the last one, and below that of the next commit.

local version = redis.call('GET', KEYS[1]) or '0'
local clock = redis.call('TIME')
local at = string.format('%.0f', tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000))
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local id = version .. '-1'
if last then
  local of, number = string.match(last[1], '^(%d+)-(%d+)$')
  if tonumber(of) >= tonumber(version) then
    id = of .. '-' .. string.format('%.0f', tonumber(number) + 1)
  end
end
redis.call('XADD', KEYS[2], id, 'term', '', 'at', at, 'entry', ARGV[1])
return id
