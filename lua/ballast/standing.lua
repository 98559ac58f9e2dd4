-- Standing: what a server's health and age make of its weight, at this edge.
--
-- In: an upstream's servers and policy; which addresses are unhealthy; since when servers are new
-- or healthy again; the time. Out: the servers that take requests, with their weights now, and
-- whether some of these still rise. On failure: an empty list where the policy says `reject`.
-- Pure: plain Lua, no ngx, no clock.
--
-- Unhealthy ones are left out. Where all are, `whenUnhealthy` decides; where some are healthy, but
-- less than `panic` percent of the weight, health is not looked at: what is left would break too.
-- Slow start: a tenth of the weight at first, the whole after the window, in proportion between
-- (Envoy's formula with aggression 1).

local max = math.max

-- Weights in hundredths while some server rises.
local WHOLE, FIRST = 100, 10

local standing = {}

local function pick_healthy(servers, policy, unhealthy)
  local above, healthy, all, sound = {}, {}, 0, 0
  for i = 1, #servers do
    local server = servers[i]
    local weight = server.weight
    if weight > 0 then
      above[#above + 1], all = server, all + weight
      if not unhealthy[server.address] then
        healthy[#healthy + 1], sound = server, sound + weight
      end
    end
  end
  if sound == 0 then return policy.whenUnhealthy == 'reject' and {} or above end
  if policy.panic and sound * 100 < policy.panic * all then return above end
  return healthy
end

local function hundredths(age, seconds)
  return max(FIRST, math.floor(max(age, 1) / seconds * WHOLE))
end

local function raise(servers, seconds, since, now)
  local list, rising = {}, false
  for i = 1, #servers do
    local server = servers[i]
    local age = since[server.address] and now - since[server.address]
    local part = WHOLE
    if age and age < seconds then
      part, rising = hundredths(age, seconds), true
    end
    list[i] = { address = server.address, from = server.from, weight = server.weight * part }
  end
  return list, rising
end

-- `view`: `{unhealthy: set, since: address -> time, now}`.
function standing.weigh(servers, policy, view)
  local list = pick_healthy(servers, policy, view.unhealthy)
  if not policy.slowStart then return list, false end
  local risen, rising = raise(list, policy.slowStart.seconds, view.since, view.now)
  return rising and risen or list, rising
end

return standing
