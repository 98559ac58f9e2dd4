-- Poll: brings what the source has into this edge: Redis (redis_source) or, where the edge may not
-- reach it, the controller (api_source). Runs in one worker (follower).
--
-- In: the source's term, version, changes and manifest. Out: documents handed to sync, the mark.
-- On failure: the session ends, the reason stands in the state, and the next begins after a
-- back-off with jitter; what is held stays as it is.
--
-- Changes are followed from the mark on. The whole manifest is compared (R9) at each start, at
-- each higher term, where the source's version lies below the mark's, where its changes were
-- trimmed, and again until nothing that is held lies above it.
-- Nothing is taken from a source whose term lies below the highest seen.

local manifest = require('ballast.manifest')
local refusals = require('ballast.refusals')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')

local min = math.min

local SESSION_SECONDS = 60
local RETRY_SECONDS = 1
local FIRST_DELAY, MAX_DELAY = 0.05, 2

local poll = {}

local source
local failures, retried = 0, 0

function poll.init(settings)
  source = settings.source
end

-- `+` stands before a complaint of ours about a source that does answer.
local function report(err)
  local text = err or ''
  if state.get('redis') == text then return end
  state.set('redis', text)
  state.count('news')
end

-- `seen.compare`: the source cannot tell what changed above the mark.
local function must_compare(seen)
  local mark = seen.mark
  if seen.compare or not mark or seen.term > mark.term then return true end
  return seen.term > (state.get('compared') or 0) or seen.version < mark.version
end

local function refused_names()
  local names = {}
  local now = system.monotonic()
  if now - retried < RETRY_SECONDS then return names end
  retried = now
  for i, refused in ipairs(refusals.list()) do names[i] = refused.app end
  return names
end

local function follow(session, seen)
  local complete, err = true, nil
  if seen.documents then complete, err = manifest.take(seen.term, seen.documents) end
  if complete == nil then return nil, err end
  local names = seen.names or {}
  for _, app in ipairs(refused_names()) do names[#names + 1] = app end
  local kept
  kept, err = manifest.fetch(session, names)
  if kept == nil then return nil, err end
  return complete and kept
end

-- Returns the rest before the next step: 'short' where something is to be tried again.
local function step(session, seen)
  if not seen.term then
    report('+no leader has taken a term')
    return 'short'
  end
  if not sync.raise(seen.term) then
    report('+the leader\'s term lies below the highest seen')
    return 'short'
  end
  local complete, above, err
  if must_compare(seen) then
    complete, above = manifest.compare(session, seen)
    if complete == nil then return nil, above end
  else
    complete, err = follow(session, seen)
    if complete == nil then return nil, err end
  end
  if complete then
    sync.reached({ term = seen.term, version = seen.version }, seen.mark, above)
    state.set('proved', system.monotonic())
  end
  if above and state.get('source') ~= 'push' then state.set('source', source.name) end
  report(seen.trouble and '+' .. seen.trouble)
  local settled = complete and not (above and above[1]) and #refusals.list() == 0
  return settled and 'long' or 'short'
end

local function run(session, is_active)
  local started, rest = system.monotonic(), nil
  while is_active() and system.monotonic() - started < SESSION_SECONDS do
    local seen, err = source.look(session, rest)
    if not is_active() then break end
    if not seen then return nil, err end
    rest, err = step(session, seen)
    if not rest then return nil, err end
    failures = 0
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
  local session, err = source.open('poll', is_active)
  if not session then
    report(err)
    return back_off()
  end
  local ok
  ok, err = run(session, is_active)
  source.close(session, ok)
  if ok then return 0 end
  report(err)
  return back_off()
end

return poll
