-- Manifest: reads documents out of Redis, some by name or all that differ, and hands them to sync.
--
-- In: a connection, names; or the moment (`look`) that a comparison belongs to. Out: whether every
-- refusal is on record; of a comparison also the names that lie above Redis (R9).
-- On failure: nil and a message; what was applied by then is applied, the mark has not moved.

local document = require('ballast.document')
local redis = require('ballast.redis')
local state = require('ballast.state')
local sync = require('ballast.sync')

local min = math.min
local compare = document.compare

local FETCH, SCAN = 200, 500
-- A beat reports no more.
local MAX_ABOVE = 100

local manifest = {}

local settings

function manifest.init(config)
  settings = config
end

local function key(name)
  return settings.prefix .. name
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

-- Reads bodies with their manifest lines and applies them. Body and line are of one moment; where
-- they do not fit all the same, sync refuses the document, and it is read again with the refused.
function manifest.fetch(connection, names)
  local complete = true
  for from = 1, #names, FETCH do
    local bodies, lines = { 'HMGET', key('upstreams') }, { 'HMGET', key('manifest') }
    local last = min(from + FETCH - 1, #names)
    for i = from, last do
      bodies[#bodies + 1], lines[#lines + 1] = names[i], names[i]
    end
    local replies, err = redis.read(connection,
      { { 'HGET', key('leader'), 'term' }, bodies, lines })
    if not replies then return nil, err end
    local term, list = redis.number(replies[1]), {}
    if not term then return nil, 'no leader' end
    for i = from, last do
      local doc = read_document(names[i], replies[2][i - from + 1], replies[3][i - from + 1])
      if doc then list[#list + 1] = doc end
    end
    local verdicts, kept = sync.apply(term, list, 'redis')
    if not verdicts then return nil, kept end
    complete = complete and kept
  end
  return complete
end

-- HSCAN, not HGETALL: one reply of 10,000 lines would stall the worker's requests. It may show a
-- line of a later commit; the mark taken is that of before the scan.
local function scan_manifest(connection)
  local lines, cursor = {}, '0'
  repeat
    local reply, err = redis.call(connection,
      { 'HSCAN', key('manifest'), cursor, 'COUNT', SCAN })
    if not reply then return nil, err end
    cursor = reply[1]
    for i = 1, #reply[2], 2 do lines[reply[2][i]] = document.read_line(reply[2][i + 1]) end
    if cursor ~= '0' then ngx.sleep(0.001) end
  until cursor == '0'
  return lines
end

-- Oldest first: of two apps that claim one host, the same one keeps it on every edge.
local function newer_names(lines)
  local names, n = {}, 0
  for app, line in pairs(lines) do
    local held = state.stamp(app)
    local order = compare(line, held)
    if order > 0 or (order == 0 and held.digest ~= line.digest) then names[#names + 1] = app end
    n = n + 1
    if n % SCAN == 0 then ngx.sleep(0.001) end
  end
  table.sort(names, function(a, b)
    local order = compare(lines[a], lines[b])
    return order < 0 or (order == 0 and a < b)
  end)
  return names
end

-- A push during the scan may have put an app above the line read: those are looked at again.
local function names_above(connection, lines)
  local names = {}
  for i, app in ipairs(state.apps()) do
    if compare(state.stamp(app), lines[app]) > 0 then names[#names + 1] = app end
    if i % SCAN == 0 then ngx.sleep(0.001) end
    if #names == MAX_ABOVE then break end
  end
  if #names == 0 then return names end
  local reply, err = redis.call(connection, { 'HMGET', key('manifest'), unpack(names) })
  if not reply then return nil, err end
  local above = {}
  for i, app in ipairs(names) do
    local line = reply[i] ~= redis.null and document.read_line(reply[i]) or nil
    if compare(state.stamp(app), line) > 0 then above[#above + 1] = app end
  end
  return above
end

-- `seen` is the look before the scan, `look` takes another.
function manifest.compare(connection, seen, look)
  local lines, err = scan_manifest(connection)
  if not lines then return nil, err end
  local complete
  complete, err = manifest.fetch(connection, newer_names(lines))
  if complete == nil then return nil, err end
  local above
  above, err = names_above(connection, lines)
  if not above then return nil, err end
  -- Another term or an older version by now: what was scanned is of no one moment.
  local after
  after, err = look(connection, nil)
  if not after then return nil, err end
  if after.term ~= seen.term or after.version < seen.version then return nil, 'Redis changed' end
  return complete, above
end

return manifest
