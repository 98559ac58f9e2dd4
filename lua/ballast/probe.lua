-- Probe: asks servers whether they are healthy. Runs in one worker (follower).
--
-- In: the probes that documents ask for. Out: changes of health (probed): unhealthy after `fall`
-- failures in a row, healthy again after `rise` answers. Before the first, healthy.
-- On failure of a probe: that is its result. Of the worker: the one that takes the duty over goes
-- on from what was found, and counts anew.
--
-- A server's probes never overlap, and no two begin in step: each begins a tenth of its interval
-- early or late, the first at any moment of one. At most MAX_RUNNING are under way; others wait
-- their turn, so that many slow servers make probes rarer and cost no more.

local ailing = require('ballast.ailing')
local pace = require('ballast.pace')
local probe_call = require('ballast.probe_call')
local probed = require('ballast.probed')
local probes = require('ballast.probes')
local state = require('ballast.state')
local system = require('ballast.system')

local floor, max, random = math.floor, math.max, math.random
local monotonic = system.monotonic

local MAX_RUNNING = 64
-- Probes begin in steps of this.
local STEP_SECONDS = 0.05
local PLAN_SECONDS, SESSION_SECONDS = 1, 60
-- Looking which there are takes at most a tenth of the time: of 250,000 it takes half a second.
local REST = 10
-- A timer's memory is freed at its end only.
local PROBES_A_TIMER = 200

local probe = {}

-- key -> probe; step -> those that begin in it; those whose turn it is
local plan, steps, queue = {}, {}, { first = 1, last = 0 }
local done_step = floor(monotonic() / STEP_SECONDS)
local planned, plan_again_at, swept_at, running = nil, 0, monotonic(), 0

local function schedule(p, time)
  local number = max(done_step + 1, floor(time / STEP_SECONDS))
  local list = steps[number]
  if not list then
    list = {}
    steps[number] = list
  end
  list[#list + 1] = p
end

-- ---- which

local function look()
  local now, serial = monotonic(), state.get('serial')
  if serial == planned or now < plan_again_at then return end
  planned = serial
  -- Nothing is scheduled: the steps that went by need not be walked through.
  if not next(steps) then done_step = floor(now / STEP_SECONDS) end
  local wanted = probes.read(pace.start(pace.BACKGROUND))
  for key, p in pairs(plan) do
    if not wanted[key] then
      p.gone, plan[key] = true, nil
    end
  end
  local count = 0
  for key, p in pairs(wanted) do
    count = count + 1
    if not plan[key] then
      plan[key], p.unhealthy, p.streak = p, probed.read(key), 0
      schedule(p, now + random() * p.health.intervalSeconds)
    end
  end
  state.set('probes', count)
  plan_again_at = now + max(PLAN_SECONDS, (monotonic() - now) * REST)
end

-- ---- one

-- `streak`: results in a row that speak against what it is held to be.
local function note(p, ok, why)
  if ok ~= p.unhealthy then
    p.streak = 0
    if not ok then probed.explain(p.key, why) end
    return
  end
  p.streak = p.streak + 1
  if p.streak < (ok and p.health.rise or p.health.fall) then return end
  if not probed.change(p.key, not ok, why) then return end
  p.unhealthy, p.streak = not ok, 0
  ngx.log(ngx.NOTICE, 'ballast: ', p.key, ok and ' is healthy again' or ' is unhealthy: ', why)
end

local function run_one(p, is_active)
  local started = monotonic()
  local ok, why = probe_call.run(p.address, p.health)
  -- Another worker may have the duty by now, and its word stands.
  if p.gone or not is_active() then return end
  note(p, ok, why)
  schedule(p, started + p.health.intervalSeconds * (0.9 + random() * 0.2))
end

local function take()
  if queue.first > queue.last then return nil end
  local p = queue[queue.first]
  queue[queue.first], queue.first = nil, queue.first + 1
  return p
end

local function run_several(premature, is_active)
  for _ = 1, PROBES_A_TIMER do
    local p = not premature and is_active() and take()
    if not p then break end
    if not p.gone then
      local ok, err = pcall(run_one, p, is_active)
      if not ok then
        ngx.log(ngx.ERR, 'ballast: ', p.key, ': ', err)
        schedule(p, monotonic() + p.health.intervalSeconds)
      end
    end
  end
  running = running - 1
end

-- ---- when

local function begin(is_active)
  local last = floor(monotonic() / STEP_SECONDS)
  for number = done_step + 1, last do
    for _, p in ipairs(steps[number] or {}) do
      queue.last = queue.last + 1
      queue[queue.last] = p
    end
    steps[number] = nil
  end
  done_step = max(done_step, last)
  for _ = 1, queue.last - queue.first + 1 do
    if running >= MAX_RUNNING or not ngx.timer.at(0, run_several, is_active) then return end
    running = running + 1
  end
end

-- Returns the seconds to wait before the next session.
function probe.session(is_active)
  local started = monotonic()
  look()
  if started - swept_at > SESSION_SECONDS then
    swept_at = started
    probed.sweep(plan)
  end
  while is_active() and monotonic() - started < SESSION_SECONDS do
    look()
    ailing.save(is_active)
    if not next(plan) then return PLAN_SECONDS end
    begin(is_active)
    ngx.sleep(STEP_SECONDS)
  end
  return 0
end

return probe
