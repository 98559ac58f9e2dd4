-- Heartbeat: brings STATE to the source, every second and soon after anything in it changed.
-- Runs in one worker (follower).
--
-- In: the report. Out: field NAME of Redis' hash `edges`, through the controller where it is the
-- source.
-- On failure: the session ends and begins again after a back-off; the poll tells why the source
-- fails.
-- It goes on under a source from which nothing is taken: a leader must see marks, and what lies
-- above.

local json = require('ballast.json')
local report = require('ballast.report')
local state = require('ballast.state')
local system = require('ballast.system')

local BEAT_SECONDS = 1
local LOOK_SECONDS = 0.05
local SESSION_SECONDS = 60
local RETRY_SECONDS = 1

local heartbeat = {}

local source

function heartbeat.init(settings)
  source = settings.source
end

local function beat(session)
  state.count('beat')
  return source.beat(session, json.encode(report.build()))
end

local function run(session, is_active)
  local started, last, told = system.monotonic(), 0, nil
  while is_active() do
    local now, news = system.monotonic(), state.get('news')
    if now - started > SESSION_SECONDS then return true end
    if news ~= told or now - last >= BEAT_SECONDS then
      local ok, err = beat(session)
      if not ok then return nil, err end
      last, told = now, news
    end
    ngx.sleep(LOOK_SECONDS)
  end
  return true
end

-- Returns the seconds to wait before the next session.
function heartbeat.session(is_active)
  local session = source.open('heartbeat', is_active)
  if not session then return RETRY_SECONDS end
  local ok = run(session, is_active)
  source.close(session, ok)
  return ok and 0 or RETRY_SECONDS
end

return heartbeat
