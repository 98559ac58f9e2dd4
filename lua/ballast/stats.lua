-- Statistics: requests, failures, answers and their time of each app and server, cumulative since
-- `start`.
--
-- In: what each worker's tally drained. Out: sums over all workers, in shared memory.
-- On failure: servers above the bound (state.MAX_ROWS), or without room, are counted together, as
-- `other`; nothing that has a row is ever evicted, and the log says so once.

local state = require('ballast.state')
local tally = require('ballast.tally')

local match = string.match

local OTHER = state.OTHER
local FIELDS = { r = 'requests', f = 'failures', a = 'answers', s = 'seconds' }

local stats = {}

local complained = false

local function complain(err)
  if complained then return end
  complained = true
  ngx.log(ngx.WARN, 'ballast: no row of its own for each server in the statistics: ', err,
    '; those without are counted as "other"')
end

local function add(kind, name, n)
  if n == 0 then return end
  if name ~= OTHER and state.add(kind .. ' ' .. name, n) then return end
  state.add(kind .. ' ' .. OTHER, n)
end

local function bring(name, requests, failures, answers, milliseconds)
  local ok, err = state.add_row('r ' .. name, requests)
  if not ok then
    complain(err)
    name = OTHER
    add('r', name, requests)
  end
  add('f', name, failures)
  add('a', name, answers)
  add('s', name, milliseconds / 1000)
end

function stats.flush()
  tally.drain(bring)
end

function stats.place(apps, app, address)
  local servers = apps[app] or {}
  apps[app] = servers
  local counts = servers[address]
    or { requests = 0, failures = 0, answers = 0, seconds = 0 }
  servers[address] = counts
  return counts
end

-- {app: {address: {requests, failures, answers, seconds}}}, and the same of all others.
function stats.totals()
  local apps = {}
  for key, n in pairs(state.totals()) do
    local kind, app, address = match(key, '^([rfas]) (%S+) (%S+)$')
    if kind then stats.place(apps, app, address)[FIELDS[kind]] = n end
  end
  local other = stats.place(apps, '_other', '_other')
  apps._other = nil
  return apps, other
end

return stats
