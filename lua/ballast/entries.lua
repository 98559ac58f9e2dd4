-- Entries: which app a request belongs to, and what this worker keeps for that app.
--
-- In: a request (its host, or $ballast_app), the shared counter. Out: the app's entry: a picker
-- (without servers and lap where no server is above 0), with its servers' clusters, and counts.
-- On failure: nil and the name of the socket that answers: `none` (no document yet) or `unknown`
-- (no app has this host).
--
-- An entry is made anew, aside, when the counter moved and the app's document is another one. Which
-- app a host belongs to is kept for exact hosts only: names under a wildcard have no bound. The
-- common path reads one shared number, calls no socket and allocates nothing.

local document = require('ballast.document')
local hosts = require('ballast.hosts')
local laps = require('ballast.laps')
local listeners = require('ballast.listeners')
local pick = require('ballast.pick')
local names = require('ballast.names')
local newcomers = require('ballast.newcomers')
local picker = require('ballast.picker')
local places = require('ballast.places')
local probed = require('ballast.probed')
local standing = require('ballast.standing')
local state = require('ballast.state')
local system = require('ballast.system')
local tally = require('ballast.tally')

local random, concat = math.random, table.concat

-- Entries that are looked at together.
local SWEEP = 200

local entries = {}

-- Weak: what an update replaced goes, also where its host is not asked for any more.
local function new_hosts()
  return setmetatable({}, { __mode = 'v' })
end

-- app -> entry; host -> entry, which spares a request one look that misses the cache
local by_app, by_host = {}, new_hosts()
local counter_seen, hosts_seen
-- app -> entry, where a server's weight still rises
local rising = {}

local function clusters_of(servers)
  local list = {}
  for _, server in ipairs(servers) do
    if server.weight > 0 then list[#list + 1] = server.from end
  end
  return laps.shared(list)
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

local function make(app, value, serial, previous)
  local upstream = document.unpack(app, value, document.BODY)
  listeners.leave_out(app, upstream.servers)
  local servers, is_rising, number = weigh(app, upstream)
  local sign = number and sign_of(servers)
  if sign and previous and previous.serial == serial and previous.sign == sign then
    previous.health = number
    return previous
  end
  local before = previous and previous.lap and previous
  -- One table, and of no more than eight fields where the balance is smooth: each further one is
  -- memory, and another look that misses the cache, where apps are many.
  local entry = picker.new(servers, before, random) or { addresses = {} }
  entry.app, entry.serial, entry.addresses = app, serial, laps.shared(entry.addresses)
  entry.clusters, entry.counts = clusters_of(servers), tally.new(#entry.addresses)
  if number then entry.health, entry.sign = number, sign end
  rising[app] = is_rising and entry or nil
  -- For the few apps that have it.
  if upstream.policy.whenUnhealthy == 'reject' then
    entry.rejects = true
    entry.unhealthy = not entry.lap and has_weight(upstream.servers) or nil
  end
  -- Where a request's end is asked for, whether there are statistics or not.
  if entry.rejects or upstream.policy.balance == 'least' then entry.asks_end = true end
  if entry.lap then
    pick.prepare(entry, upstream.policy)
    laps.prepare(entry)
  end
  return entry
end

-- Some server's health changed since; not necessarily one of this app.
local function is_behind(entry)
  return entry.health ~= nil and entry.health ~= probed.number()
end

-- No request may find its lap any more: the counts beside it go with the entry.
local function let_go(app)
  local entry = by_app[app]
  if entry and entry.lap then entry.lap.seen = 0 end
  by_app[app] = nil
end

-- The counter moved: looks whether this app's document, or its servers' health, is another one.
local function refresh(app, counter)
  local entry, serial = by_app[app], state.serial(app)
  if not entry or entry.serial ~= serial or is_behind(entry) then
    local value
    value, serial = state.held(app)
    if not value or not document.has_body(value) or names.is_reserved(app) then
      let_go(app)
      return nil
    end
    local before = entry
    entry = make(app, value, serial, before)
    if entry ~= before then let_go(app) end
    by_app[app] = entry
  end
  entry.seen = counter
  if entry.lap then entry.lap.seen = counter end
  return entry
end

-- The host table is numbered too: names are forgotten only when it changed. Looked at whenever the
-- counter moved, and before any entry is taken, so that no name outlives the change.
local function note_counter(counter)
  counter_seen = counter
  local number = state.get('hosts')
  if number == hosts_seen then return end
  by_host, hosts_seen = new_hosts(), number
  laps.forget()
end

local function find_app(app, counter)
  local entry = by_app[app]
  if entry and entry.seen == counter then return entry end
  return refresh(app, counter)
end

-- `before`: the host's entry, where it is known and an older one.
local function find_host(host, counter, before)
  local app, exact = before and before.app, true
  if not app then app, exact = hosts.find(hosts.normal(host)) end
  if not app then return nil, state.get('whole') and 'unknown' or 'none' end
  local entry = find_app(app, counter)
  if exact then
    by_host[host] = entry
    laps.note(host, entry)
  end
  return entry, not entry and 'none' or nil
end

function entries.find()
  local counter = state.get('counter')
  if counter ~= counter_seen then note_counter(counter) end
  local app = ngx.var.ballast_app
  if app and app ~= '' then
    local entry = find_app(app, counter)
    return entry, not entry and 'none' or nil
  end
  local host = ngx.var.host
  local entry = by_host[host]
  if entry and entry.seen == counter then
    laps.note(host, entry)
    return entry
  end
  return find_host(host, counter, entry)
end

-- The common path: the lap of the request's app, where all that stands there is the present state
-- and its next slot is written. Nil: `find` tells more.
function entries.find_lap()
  local counter = state.get('counter')
  if counter ~= counter_seen then return nil end
  local app = ngx.var.ballast_app
  if app and app ~= '' then return nil end
  local lap = laps.find(ngx.var.host)
  if lap and lap.seen == counter and lap.at < lap.filled and lap.is_noted == 1 then return lap end
  return nil
end

-- By the worker's timer, once a second: the next request finds the weights of then.
function entries.rise()
  for app, entry in pairs(rising) do
    entry.seen, entry.serial, rising[app] = nil, nil, nil
    if entry.lap then entry.lap.seen = 0 end
  end
end

local swept

-- Also once a second: lets go of some of those whose app was deleted. Nobody asks for it any more,
-- so that no request would. One that was let go too early is made anew.
function entries.sweep()
  if by_app[swept] == nil then swept = nil end
  for _ = 1, SWEEP do
    swept = next(by_app, swept)
    if not swept then return end
    if state.is_deleted(swept) then
      let_go(swept)
      rising[swept] = nil
      places.forget(swept)
    end
  end
end

return entries
