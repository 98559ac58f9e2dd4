-- Poll: brings what Redis has into this edge. Runs in one worker (follower).
--
-- In: Redis' leader key, version, changes and manifest. Out: documents handed to sync, the mark.
-- On failure: the session ends, the reason stands in the state, and the next begins after a
-- back-off with jitter; what is held stays as it is.
--
-- Changes are followed from the mark on. The whole manifest is compared (R9) at each start, at
-- each higher term, where Redis' version lies below the mark's, where the stream was trimmed, and
-- again until nothing that is held lies above Redis.
-- Nothing is taken from a Redis whose leader's term lies below the highest seen.

local manifest = require('ballast.manifest')
local redis = require('ballast.redis')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')

local format, match, min = string.format, string.match, math.min
local number = redis.number

-- Short, so that an old worker of a reload ends soon, and what was refused is tried again.
local BLOCK_MS = 1000
-- Further behind than this, comparing is cheaper than following.
local MAX_CHANGES = 2000
local SESSION_SECONDS = 60
local RETRY_SECONDS = 1
local FIRST_DELAY, MAX_DELAY = 0.05, 2

local poll = {}

local settings
local failures, retried = 0, 0

function poll.init(config)
  settings = config
end

local function key(name)
  return settings.prefix .. name
end

-- `+` stands before a complaint of ours about a Redis that does answer.
local function report(err)
  local text = err or ''
  if state.get('redis') == text then return end
  state.set('redis', text)
  state.count('news')
end

-- ---- reading

local function fields(list)
  local entry = {}
  for i = 1, #list, 2 do entry[list[i]] = list[i + 1] end
  return entry
end

-- One look: term, version, the changes above the mark and the id to wait behind, all of one moment.
local function look(connection, mark)
  local replies, err = redis.read(connection, {
    { 'HGET', key('leader'), 'term' },
    { 'GET', key('version') },
    { 'XRANGE', key('changes'), mark and format('%.0f-0', mark.version + 1) or '-', '+',
      'COUNT', mark and MAX_CHANGES or 1 },
    { 'XREVRANGE', key('changes'), '+', '-', 'COUNT', 1 },
  })
  if not replies then return nil, err end
  local changes = {}
  for i, entry in ipairs(replies[3]) do
    local change = fields(entry[2])
    changes[i] = { version = number(match(entry[1], '^%d+')), app = change.app,
      prev = number(change.prev) }
  end
  return { term = number(replies[1]), version = number(replies[2]) or 0, changes = changes,
    last = replies[4][1] and replies[4][1][1] or '0-0' }
end

local function must_compare(seen, mark)
  if not mark or seen.term > mark.term then return true end
  if seen.term > (state.get('compared') or 0) or seen.version < mark.version then return true end
  local changes = seen.changes
  if #changes == 0 then return seen.version > mark.version end
  return #changes >= MAX_CHANGES or changes[1].prev > mark.version
    or changes[#changes].version ~= seen.version
end

-- ---- following

local function due_refusals()
  local now = system.monotonic()
  if now - retried < RETRY_SECONDS then return {} end
  retried = now
  return state.refused()
end

local function names_of(changes)
  local names, seen = {}, { [''] = true }
  local function add(app)
    if seen[app] then return end
    seen[app] = true
    names[#names + 1] = app
  end
  for _, change in ipairs(changes) do add(change.app) end
  for _, refused in ipairs(due_refusals()) do add(refused.app) end
  return names
end

-- ---- the session

-- Returns the id to wait behind.
local function step(connection)
  local mark = state.read_mark('mark')
  local seen, err = look(connection, mark)
  if not seen then return nil, err end
  if not seen.term then
    report('+no leader has taken a term')
    return seen.last
  end
  if not sync.raise(seen.term) then
    report('+the leader\'s term lies below the highest seen')
    return seen.last
  end
  local complete, above
  if must_compare(seen, mark) then
    complete, above = manifest.compare(connection, seen, look)
    if complete == nil then return nil, above end
  else
    complete, err = manifest.fetch(connection, names_of(seen.changes))
    if complete == nil then return nil, err end
  end
  if complete then
    sync.reached({ term = seen.term, version = seen.version }, mark, above)
    state.set('proved', system.monotonic())
  end
  if above and state.get('source') ~= 'push' then state.set('source', 'redis') end
  report(nil)
  return seen.last
end

local function run(connection, is_active)
  local started = system.monotonic()
  while is_active() and system.monotonic() - started < SESSION_SECONDS do
    local last, err = step(connection)
    if not last then return nil, err end
    failures = 0
    if not is_active() then break end
    local reply
    reply, err = redis.call(connection,
      { 'XREAD', 'COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', key('changes'), last })
    if not reply then return nil, err end
  end
  return true
end

local function back_off()
  failures = failures + 1
  return min(MAX_DELAY, FIRST_DELAY * 2 ^ failures) * (0.5 + math.random() / 2)
end

-- Follows until it fails, or for a minute: a timer's memory is freed at its end only. Returns the
-- seconds to wait before the next session.
function poll.session(is_active)
  local connection, err = redis.connect(settings.redis)
  if not connection then
    report(err)
    return back_off()
  end
  local ok
  ok, err = run(connection, is_active)
  redis.close(connection)
  if ok then return 0 end
  report(err)
  return back_off()
end

return poll
