-- Ballast's edge: one line of nginx configuration for each nginx phase.
--
-- In: nginx' phases. Out: requests balanced, the endpoint answered, the duties of one worker run.
-- On failure: a wrong edge.json stops nginx' start; everything later is dealt with where it occurs.

local access = require('ballast.access')
local ailing = require('ballast.ailing')
local api_source = require('ballast.api_source')
local balance = require('ballast.balance')
local census = require('ballast.census')
local commit = require('ballast.commit')
local config = require('ballast.config')
local control = require('ballast.control')
local entries = require('ballast.entries')
local folder = require('ballast.folder')
local follower = require('ballast.follower')
local health = require('ballast.health')
local heartbeat = require('ballast.heartbeat')
local laps = require('ballast.laps')
local listeners = require('ballast.listeners')
local manifest = require('ballast.manifest')
local pace = require('ballast.pace')
local poll = require('ballast.poll')
local probe = require('ballast.probe')
local redis_source = require('ballast.redis_source')
local report = require('ballast.report')
local rows = require('ballast.rows')
local snapshot = require('ballast.snapshot')
local state = require('ballast.state')
local stats = require('ballast.stats')
local system = require('ballast.system')

-- Workers show their mark this often. Counts are asked for where they are needed (census); brought
-- over by themselves they are lost with a worker that is killed, and cost a look for each server
-- of each app.
local TICK_SECONDS, RISE_TICKS, FLUSH_TICKS = 0.1, 10, 50

local ballast = { admit = balance.admit, balance = balance.run, control = control.run,
  log = balance.log }

local function hex(bytes)
  return (string.gsub(bytes, '.', function(c) return string.format('%02x', string.byte(c)) end))
end

-- At a start only: the shared memory of a reload holds more than any snapshot.
local function start(settings)
  state.begin(hex(system.random_bytes(8)))
  rows.init()
  for _, name in ipairs({ 'none', 'unhealthy', 'unknown', 'control' }) do
    system.remove_dead_socket(settings.state_dir .. '/' .. name .. '.sock')
  end
  snapshot.load()
  ailing.load()
end

-- init_by_lua
function ballast.init(path)
  local settings, err = config.load(path)
  if not settings then error('ballast: ' .. err, 0) end
  local ok
  ok, err = state.init()
  if not ok then error('ballast: ' .. err, 0) end
  ok, err = commit.init(settings)
  if not ok then error('ballast: ' .. err, 0) end
  settings.source = settings.api and api_source or redis_source
  settings.source.init(settings)
  for _, module in ipairs({ access, ailing, balance, control, folder, heartbeat, laps, manifest,
    poll, report, snapshot }) do
    module.init(settings)
  end
  follower.init({ poll, heartbeat, snapshot, probe, rows })
  if state.is_fresh() then start(settings) end
end

local ticks = 0

-- Told to end: another worker may take the duties over, while this one finishes its requests.
local function tick(premature)
  if premature or ngx.worker.exiting() then
    follower.stop()
    return census.stop()
  end
  follower.tick()
  state.write_worker(ngx.worker.pid(), state.get('mark'))
  census.tick()
  ticks = ticks + 1
  if ticks % RISE_TICKS == 0 then
    entries.rise()
    entries.sweep()
    health.sweep()
  end
  if ticks % FLUSH_TICKS == 0 then stats.flush(pace.start(pace.BACKGROUND)) end
end

-- init_worker_by_lua. All workers are born with one seed for math.random.
function ballast.init_worker()
  local a, b, c, d = string.byte(system.random_bytes(4), 1, 4)
  math.randomseed((ngx.worker.pid() * 65536 + a + b * 256 + c * 65536 + d * 16777216) % 2 ^ 31)
  listeners.look()
  if ngx.worker.id() == 0 then snapshot.check_folder() end
  state.write_worker(ngx.worker.pid(), state.get('mark'))
  local ok, err = ngx.timer.every(TICK_SECONDS, tick)
  if not ok then ngx.log(ngx.ERR, 'ballast: no timer: ', err) end
end

-- exit_worker_by_lua: the last that a worker does, unless it is killed.
function ballast.exit_worker()
  follower.stop()
  stats.flush()
  state.forget_worker(ngx.worker.pid())
end

return ballast
