-- Statistics: requests and failures of each app and server, cumulative since `start`.
--
-- In: picks and failures, counted in a worker's tables. Out: sums over all workers, in shared
-- memory, brought there by each worker's timer.
-- On failure: where that memory is full, new servers are not counted, and the log says so once.

local state = require('ballast.state')

local match = string.match

local stats = {}

-- app -> address -> count; what has not been brought over yet.
local requests, failures = {}, {}
local complained = false

local function row(set, app)
  local counts = set[app]
  if not counts then
    counts = {}
    set[app] = counts
  end
  return counts
end

-- The table in which a picker counts the requests of its app.
function stats.requests(app)
  return row(requests, app)
end

-- An attempt without an answer, or answered with 500 or above.
function stats.failed(app, address)
  local counts = row(failures, app)
  counts[address] = (counts[address] or 0) + 1
end

local function bring(set, kind)
  for app, counts in pairs(set) do
    for address, n in pairs(counts) do
      if n > 0 then
        local ok, err = state.add(kind .. ' ' .. app .. ' ' .. address, n)
        if not ok and not complained then
          complained = true
          ngx.log(ngx.ERR, 'ballast: lua_shared_dict ballast_stats is too small: ', err)
        end
        counts[address] = 0
      end
    end
  end
end

function stats.flush()
  bring(requests, 'r')
  bring(failures, 'f')
end

local function place(apps, app, address)
  local servers = apps[app]
  if not servers then
    servers = {}
    apps[app] = servers
  end
  local counts = servers[address]
  if not counts then
    counts = { requests = 0, failures = 0 }
    servers[address] = counts
  end
  return counts
end

-- {app: {address: {requests, failures}}}
function stats.totals()
  stats.flush()
  local apps = {}
  for key, n in pairs(state.totals()) do
    local kind, app, address = match(key, '^(%a) (%S+) (%S+)$')
    local counts = place(apps, app, address)
    counts[kind == 'r' and 'requests' or 'failures'] = n
  end
  return apps
end

return stats
