-- The duties that one worker alone has: poll, heartbeat, snapshot, probes, rows.
--
-- In: a tick from every worker. Out: in the worker that holds the lock `follower`, each duty's
-- sessions, one after the other. On failure of a session: logged, and the next begins later.
--
-- A reload runs two generations of workers at once, and a worker may be killed: so it is a lock
-- that decides, not a worker's number. The old one gives it back as soon as it is told to end;
-- that of a dead one is taken over at the next tick.

local lock = require('ballast.lock')

local RETRY_SECONDS = 1

local follower = {}

local duties
local mine = false

function follower.init(list)
  duties = list
end

local function is_active()
  return mine and not ngx.worker.exiting()
end

local function stop(duty)
  if duty.stop then duty.stop() end
end

-- When the worker ends, what waits comes at once, premature: so a duty is told in any case that it
-- is over, and between its sessions, never in one.
local function run(premature, duty)
  if premature or not is_active() then return stop(duty) end
  local ok, delay = pcall(duty.session, is_active)
  if not ok then
    ngx.log(ngx.ERR, 'ballast: ', delay)
    delay = RETRY_SECONDS
  end
  if not is_active() then return stop(duty) end
  local armed, err = ngx.timer.at(delay, run, duty)
  if armed then return end
  stop(duty)
  if err ~= 'process exiting' then ngx.log(ngx.ERR, 'ballast: no timer: ', err) end
end

function follower.tick()
  if mine or ngx.worker.exiting() then return end
  mine = lock.try('follower')
  if not mine then return end
  for _, duty in ipairs(duties) do ngx.timer.at(0, run, duty) end
end

-- The worker is told to end.
function follower.stop()
  if not mine then return end
  mine = false
  lock.give_back('follower')
end

return follower
