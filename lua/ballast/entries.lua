-- Entries: which app a request belongs to, and what this worker keeps for that app.
--
-- In: a request (its host, or $ballast_app), the shared counter. Out: the app's entry: picker,
-- addresses and their clusters, counts.
-- On failure: nil and the name of the socket that answers: `none` (no document yet) or `unknown`
-- (no app has this host).
--
-- An entry is made anew, aside, when the counter moved and the app's document is another one. Which
-- app a host belongs to is kept for exact hosts only: names under a wildcard have no bound. The
-- common path reads one shared number, calls no socket and allocates nothing.

local document = require('ballast.document')
local hosts = require('ballast.hosts')
local listeners = require('ballast.listeners')
local pick = require('ballast.pick')
local newcomers = require('ballast.newcomers')
local picker = require('ballast.picker')
local probed = require('ballast.probed')
local standing = require('ballast.standing')
local state = require('ballast.state')
local system = require('ballast.system')
local tally = require('ballast.tally')

local random, concat = math.random, table.concat

local entries = {}

-- app -> entry; host -> app
local by_app, by_host = {}, {}
local counter_seen, hosts_seen
-- app -> entry, where a server's weight still rises
local rising = {}

-- Apps that share servers share these lists: most of an entry's memory, where apps are many.
local lists = setmetatable({}, { __mode = 'v' })

local function shared(list)
  local name = concat(list, ' ')
  local known = lists[name]
  if known then return known end
  lists[name] = list
  return list
end

local function clusters_of(servers)
  local list = {}
  for _, server in ipairs(servers) do
    if server.weight > 0 then list[#list + 1] = server.from end
  end
  return shared(list)
end

-- Which are unhealthy, and since when others are new or healthy again.
local function view_of(app, upstream)
  local view = { unhealthy = {}, now = system.monotonic(),
    since = upstream.policy.slowStart and newcomers.read(app) }
  local health = upstream.policy.health
  if not health then return view end
  local suffix = probed.suffix(health)
  for _, server in ipairs(upstream.servers) do
    local address = server.address
    local unhealthy, since = probed.read(address .. suffix)
    view.unhealthy[address] = unhealthy or nil
    if since and view.since then view.since[address] = math.max(since, view.since[address] or 0) end
  end
  return view
end

-- Servers with their weights at this edge; whether some rise; the number of health they show.
local function weigh(app, upstream)
  local policy = upstream.policy
  if not (policy.health or policy.slowStart) then return upstream.servers, false, nil end
  -- Read before the rows: what changes in between is seen again.
  local number = policy.health and probed.number()
  local list, is_rising = standing.weigh(upstream.servers, policy, view_of(app, upstream))
  return list, is_rising, number or nil
end

-- Says whether another server's health, or another app's, has changed.
local function sign_of(servers)
  local parts = {}
  for i, server in ipairs(servers) do parts[i] = server.address .. ' ' .. server.weight end
  return concat(parts, ' ')
end

local function has_weight(servers)
  for _, server in ipairs(servers) do
    if server.weight > 0 then return true end
  end
  return false
end

local function make(app, packed, serial, previous)
  local upstream = document.unpack(app, packed)
  listeners.leave_out(app, upstream.servers)
  local servers, is_rising, number = weigh(app, upstream)
  local sign = number and sign_of(servers)
  if sign and previous and previous.serial == serial and previous.sign == sign then
    previous.health = number
    return previous
  end
  local p = picker.new(servers, previous and previous.picker, random)
  if p then p.addresses = shared(p.addresses) end
  local entry = { app = app, serial = serial, picker = p, addresses = p and p.addresses or {},
    clusters = clusters_of(servers), counts = tally.new(p and #p.addresses or 0) }
  if number then entry.health, entry.sign = number, sign end
  rising[app] = is_rising and entry or nil
  -- For the few apps that have it.
  if upstream.policy.whenUnhealthy == 'reject' then
    entry.rejects = true
    entry.unhealthy = not p and has_weight(upstream.servers) or nil
  end
  if p then pick.prepare(entry, upstream.policy) end
  return entry
end

-- Some server's health changed since; not necessarily one of this app.
local function is_behind(entry)
  return entry.health ~= nil and entry.health ~= probed.number()
end

-- The counter moved: looks whether this app's document, or its servers' health, is another one.
local function refresh(app, counter)
  local entry, serial = by_app[app], state.serial(app)
  if not entry or entry.serial ~= serial or is_behind(entry) then
    local _, packed
    _, packed, serial = state.read(app)
    if not packed then
      by_app[app] = nil
      return nil
    end
    entry = make(app, packed, serial, entry)
    by_app[app] = entry
  end
  entry.seen = counter
  return entry
end

-- The host table is numbered too: names are forgotten only when it changed. Looked at whenever the
-- counter moved, and before any entry is taken, so that no name outlives the change.
local function note_counter(counter)
  counter_seen = counter
  local number = state.get('hosts')
  if number ~= hosts_seen then by_host, hosts_seen = {}, number end
end

local function app_of_host(host)
  local app = by_host[host]
  if app then return app end
  local exact
  app, exact = hosts.find(hosts.normal(host))
  if app and exact then by_host[host] = app end
  return app
end

function entries.find()
  local counter = state.get('counter')
  if counter ~= counter_seen then note_counter(counter) end
  local app = ngx.var.ballast_app
  if not app or app == '' then app = app_of_host(ngx.var.host) end
  if not app then return nil, state.get('whole') and 'unknown' or 'none' end
  local entry = by_app[app]
  if entry and entry.seen == counter then return entry end
  entry = refresh(app, counter)
  if not entry then return nil, 'none' end
  return entry
end

-- By the worker's timer, once a second: the next request finds the weights of then.
function entries.rise()
  for app, entry in pairs(rising) do
    entry.seen, entry.serial, rising[app] = nil, nil, nil
  end
end

return entries
