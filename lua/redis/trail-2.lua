-- The changes of one app, newest first: each history entry names the app's entry before it.
--
-- KEYS  1 history   2 newest
-- ARGV  1 app   2 id to begin at, '' for the newest   3 at most so many
-- Reply {entries as XRANGE gives them, id where to go on or ''}
--
-- The newest one outlives the stream (commit-8.lua): where it was trimmed the hash has it.

local history_key, newest_key = KEYS[1], KEYS[2]
local app, id, most = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
  return ''
end

local function read(at)
  local entry = redis.call('XRANGE', history_key, at, at)[1]
  -- Who asks may name any id.
  if entry and field(entry, 'app') == app then return entry end
end

local line = redis.call('HGET', newest_key, app)
if not line then return { {}, '' } end
local newest = string.match(line, '^%S+')
if id == '' then id = newest end

local found = {}
while id ~= '' and #found < most do
  local entry = read(id)
  if not entry then break end
  found[#found + 1] = entry
  id = field(entry, 'prev')
end
if #found == 0 and id == newest then
  local term, at, text = string.match(line, '^%S+ (%d+) (%d+) (.*)$')
  if not term then return { {}, '' } end
  local fields = { 'term', term, 'app', app, 'prev', '', 'at', at, 'entry', text }
  return { { { newest, fields } }, '' }
end
if id ~= '' and not read(id) then id = '' end
return { found, id }
