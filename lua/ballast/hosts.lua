-- Which app serves a host.
--
-- In: the hosts that an app's document names, before and after a change. Out: one app for each
-- host; a later claim is left out, remembered, and takes over when the host is given up.
-- On failure: `full`, and everything is as before. Callers hold the lock `apply`.
--
-- The controller and the commit script see to it that no two documents name one host, but for a
-- moment, or where two commits crossed. Then this is the order on every edge, whatever reached it
-- first: the controller's apps before the endpoint's, then by name.

local state = require('ballast.state')

local find, gmatch, gsub = string.find, string.gmatch, string.gsub
local concat = table.concat

local MAX_HOST = 253

local hosts = {}

local function set_of(list)
  local set = {}
  for _, host in ipairs(list or {}) do set[host] = true end
  return set
end

local function goes_first(app, owner, other)
  local stamp = state.stamp(other)
  local other_owner = stamp and stamp.owner or 'controller'
  if owner ~= other_owner then return owner == 'controller' end
  return app < other
end

local function without(claims, app)
  local kept = {}
  for name in gmatch(claims or '', '%S+') do
    if name ~= app then kept[#kept + 1] = name end
  end
  return kept
end

-- Returns `true` when another app serves the host now, `false` when not, nil and an error when it
-- does not fit.
local function claim(host, app, owner)
  local holder = state.host(host)
  if holder == app then return false end
  local first = not holder or goes_first(app, owner, holder)
  local claims = without(state.claims(host), app)
  if holder then claims[#claims + 1] = first and holder or app end
  local ok, err = state.set_claims(host, concat(claims, ' '))
  if ok and first then ok, err = state.set_host(host, app) end
  if ok == nil or ok == false and err then return nil, err end
  return first
end

local function heir_of(claims)
  local heir, owner
  for _, app in ipairs(claims) do
    local stamp = state.stamp(app)
    local own = stamp and stamp.owner or 'controller'
    if not heir or not goes_first(heir, owner, app) then heir, owner = app, own end
  end
  return heir
end

-- Giving up never needs memory, but for a longer name in the holder's place: where that does not
-- fit, the host is free, and the claim stays remembered for the next change.
local function give_up(host, app)
  local claims = without(state.claims(host), app)
  local moved = state.host(host) == app
  if moved then
    local heir = heir_of(claims)
    if heir and state.set_host(host, heir) then
      claims = without(concat(claims, ' '), heir)
    else
      state.set_host(host, nil)
    end
  end
  state.set_claims(host, concat(claims, ' '))
  return moved
end

-- Takes what is new in `after`, for an app of this owner. Returns what was taken, for hosts.drop if
-- storing fails.
function hosts.take(app, owner, before, after)
  local had, taken, moved = set_of(before), {}, false
  for _, host in ipairs(after or {}) do
    if not had[host] then
      local changed, err = claim(host, app, owner)
      if changed == nil then
        hosts.drop(app, taken, nil)
        return nil, err
      end
      taken[#taken + 1], moved = host, moved or changed
    end
  end
  return taken, moved
end

-- Gives up what stands in `before` and no longer in `after`.
function hosts.drop(app, before, after)
  local keeps, moved = set_of(after), false
  for _, host in ipairs(before or {}) do
    if not keeps[host] then moved = give_up(host, app) or moved end
  end
  return moved
end

-- The app of a host: exact, else the longest wildcard. Not for every request: see balance. A name
-- that no document could have is not taken apart: with thousands of labels each look is of kB.
function hosts.find(host)
  if #host > MAX_HOST then return nil end
  local app = state.host(host)
  if app then return app, true end
  local rest = host
  while true do
    local dot = find(rest, '.', 1, true)
    if not dot then return nil end
    rest = string.sub(rest, dot + 1)
    app = state.host('*.' .. rest)
    if app then return app, false end
  end
end

-- Claims that were left out: `{host, owner, apps}`.
function hosts.conflicts()
  local list = {}
  for _, host in ipairs(state.contested()) do
    list[#list + 1] = { host = host, owner = state.host(host), apps = state.claims(host) }
  end
  return list
end

-- nginx has lower-cased the host and cut the port; a final dot is the same name.
function hosts.normal(host)
  return (gsub(host, '%.$', ''))
end

return hosts
