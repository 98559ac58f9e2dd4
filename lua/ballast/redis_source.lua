-- Redis as the source of documents (the other one: api_source). What both do:
--
--   open() -> session                       close(session)
--   look(session, rest, is_active) -> seen  waits for news where `rest` says so, then tells the
--                                           source's term, version and what changed above the mark
--   moment(session) -> {term, version}      the same without changes
--   lines(session), lines_of(session, names) -> {app = manifest line}
--   read(session, names) -> term, documents with line and body of one moment
--   beat(session, text)                     the heartbeat
--
-- `seen`: `{term?, version, mark, compare, trouble?}`, and either `names` (changed) or `documents`;
-- `compare` where what changed above the mark cannot be told; `trouble` says what is wrong with the
-- source, though it can be used. On failure: nil and a message; the session is then of no further
-- use.

local document = require('ballast.document')
local redis = require('ballast.redis')
local state = require('ballast.state')

local format, match = string.format, string.match
local number = redis.number

-- Short, so that an old worker of a reload ends soon, and what was refused is tried again.
local BLOCK_MS = 1000
-- Further behind than this, comparing is cheaper than following.
local MAX_CHANGES = 2000
local SCAN = 500

local redis_source = { name = 'redis', batch = 200 }

local settings

function redis_source.init(config)
  settings = config
end

local function key(name)
  return settings.prefix .. name
end

function redis_source.open()
  local connection, err = redis.connect(settings.redis)
  return connection and { connection = connection }, err
end

function redis_source.close(session)
  redis.close(session.connection)
end

-- ---- looking

local function fields(list)
  local entry = {}
  for i = 1, #list, 2 do entry[list[i]] = list[i + 1] end
  return entry
end

local function cannot_follow(seen, changes)
  local mark = seen.mark
  if not mark then return true end
  if #changes == 0 then return seen.version > mark.version end
  return #changes >= MAX_CHANGES or changes[1].prev > mark.version
    or changes[#changes].version ~= seen.version
end

-- Returns the changes, and the id of one that no commit wrote.
local function read_changes(entries)
  local changes = {}
  for i, entry in ipairs(entries) do
    local change = fields(entry[2])
    changes[i] = { version = number(match(entry[1], '^%d+')), app = change.app,
      prev = number(change.prev) }
    if not (changes[i].app and changes[i].prev) then return {}, entry[1] end
  end
  return changes
end

local function names_of(changes)
  local names, known = {}, { [''] = true }
  for _, change in ipairs(changes) do
    if not known[change.app] then names[#names + 1] = change.app end
    known[change.app] = true
  end
  return names
end

-- Term, version, the changes above the mark and the id to wait behind, all of one moment. The mark
-- is read after the wait: a push may have moved it.
function redis_source.look(session, rest)
  local connection = session.connection
  if rest and session.last then
    local reply, err = redis.call(connection,
      { 'XREAD', 'COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', key('changes'), session.last })
    if not reply then return nil, err end
  end
  local mark = state.read_mark('mark')
  local replies, err = redis.read(connection, {
    { 'HGET', key('leader'), 'term' },
    { 'GET', key('version') },
    { 'XRANGE', key('changes'), mark and format('%.0f-0', mark.version + 1) or '-', '+',
      'COUNT', mark and MAX_CHANGES or 1 },
    { 'XREVRANGE', key('changes'), '+', '-', 'COUNT', 1 },
  })
  if not replies then return nil, err end
  local changes, foreign = read_changes(replies[3])
  session.last = replies[4][1] and replies[4][1][1] or '0-0'
  local seen = { term = number(replies[1]), version = number(replies[2]) or 0, mark = mark }
  seen.compare = foreign ~= nil or cannot_follow(seen, changes)
  seen.trouble = foreign and 'changes: no commit wrote ' .. foreign
  seen.names = names_of(changes)
  return seen
end

function redis_source.moment(session)
  local replies, err = redis.read(session.connection,
    { { 'HGET', key('leader'), 'term' }, { 'GET', key('version') } })
  if not replies then return nil, err end
  return { term = number(replies[1]), version = number(replies[2]) or 0 }
end

-- ---- the manifest and bodies

-- HSCAN, not HGETALL: one reply of 10,000 lines would stall the worker's requests. It may show a
-- line of a later commit; the mark taken is that of before the scan.
function redis_source.lines(session)
  local lines, cursor = {}, '0'
  repeat
    local reply, err = redis.call(session.connection,
      { 'HSCAN', key('manifest'), cursor, 'COUNT', SCAN })
    if not reply then return nil, err end
    cursor = reply[1]
    for i = 1, #reply[2], 2 do lines[reply[2][i]] = document.read_line(reply[2][i + 1]) end
    if cursor ~= '0' then ngx.sleep(0.001) end
  until cursor == '0'
  return lines
end

function redis_source.lines_of(session, names)
  local reply, err = redis.call(session.connection,
    { 'HMGET', key('manifest'), unpack(names) })
  if not reply then return nil, err end
  local lines = {}
  for i, app in ipairs(names) do
    lines[app] = reply[i] ~= redis.null and document.read_line(reply[i]) or nil
  end
  return lines
end

local function read_document(app, body, line)
  local doc = line ~= redis.null and document.read_line(line)
  if not doc then return nil end
  doc.app = app
  if doc.digest == '-' then
    doc.deleted = true
  elseif body ~= redis.null then
    doc.body = body
  end
  return doc
end

-- Where body and line do not fit all the same, sync refuses the document, and it is read again with
-- the refused.
function redis_source.read(session, names)
  local bodies, lines = { 'HMGET', key('upstreams') }, { 'HMGET', key('manifest') }
  for i, name in ipairs(names) do bodies[i + 2], lines[i + 2] = name, name end
  local replies, err = redis.read(session.connection,
    { { 'HGET', key('leader'), 'term' }, bodies, lines })
  if not replies then return nil, err end
  local term, list = number(replies[1]), {}
  if not term then return nil, 'no leader' end
  for i, name in ipairs(names) do
    list[#list + 1] = read_document(name, replies[2][i], replies[3][i])
  end
  return term, list
end

function redis_source.beat(session, text)
  return redis.call(session.connection, { 'HSET', key('edges'), settings.name, text })
end

return redis_source
