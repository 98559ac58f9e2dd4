-- Which app serves a host.
--
-- In: the hosts that an app's document names, before and after a change. Out: one owner for each
-- host; who was there first keeps it, a later claim is left out, remembered, and takes over when
-- the owner gives the host up. On failure: `full`, and everything is as before.
-- Callers hold the lock `apply`.

local state = require('ballast.state')

local find, gsub = string.find, string.gsub

local hosts = {}

local function set_of(list)
  local set = {}
  for _, host in ipairs(list or {}) do set[host] = true end
  return set
end

local function without(claims, app)
  local kept = {}
  for name in string.gmatch(claims or '', '%S+') do
    if name ~= app then kept[#kept + 1] = name end
  end
  return kept
end

-- Returns `true` when the owner changed, `false` when not, nil and an error when it does not fit.
local function claim(host, app)
  local owner = state.host(host)
  if owner == app then return false end
  if not owner then
    local ok, err = state.set_host(host, app)
    if not ok then return nil, err end
    return true
  end
  local claims = without(state.claims(host), app)
  claims[#claims + 1] = app
  local ok, err = state.set_claims(host, table.concat(claims, ' '))
  if not ok then return nil, err end
  return false
end

-- Giving up never needs memory, but for a longer name in the owner's place: where that does not
-- fit, the host is free, and the claim stays remembered for the next change.
local function give_up(host, app)
  local claims = without(state.claims(host), app)
  local moved = state.host(host) == app
  if moved then
    local heir = claims[1]
    if not (heir and state.set_host(host, heir)) then
      state.set_host(host, nil)
    else
      table.remove(claims, 1)
    end
  end
  state.set_claims(host, table.concat(claims, ' '))
  return moved
end

-- Takes what is new in `after`. Returns what was taken, for hosts.drop if storing fails.
function hosts.take(app, before, after)
  local had, taken, moved = set_of(before), {}, false
  for _, host in ipairs(after or {}) do
    if not had[host] then
      local changed, err = claim(host, app)
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

-- The app of a host: exact, else the longest wildcard. Not for every request: see balance.
function hosts.find(host)
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

-- Before documents are read back from a snapshot: who owned the contested hosts.
function hosts.restore(owners)
  for host, app in pairs(owners) do state.set_host(host, app) end
end

function hosts.owners()
  local owners = {}
  for _, conflict in ipairs(hosts.conflicts()) do owners[conflict.host] = conflict.owner end
  return owners
end

-- nginx has lower-cased the host and cut the port; a final dot is the same name.
function hosts.normal(host)
  return (gsub(host, '%.$', ''))
end

return hosts
