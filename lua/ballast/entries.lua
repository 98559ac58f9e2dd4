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
local picker = require('ballast.picker')
local state = require('ballast.state')
local stats = require('ballast.stats')

local random, concat = math.random, table.concat

local entries = {}

-- app -> entry; host -> app
local by_app, by_host = {}, {}
local counter_seen, hosts_seen

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

local function make(app, packed, serial, previous)
  local upstream = document.unpack(app, packed)
  listeners.leave_out(app, upstream.servers)
  local p = picker.new(upstream.servers, previous and previous.picker, random)
  if p then p.addresses = shared(p.addresses) end
  local entry = { app = app, serial = serial, picker = p, addresses = p and p.addresses or {},
    clusters = clusters_of(upstream.servers), counts = stats.requests(app) }
  for _, address in ipairs(entry.addresses) do
    entry.counts[address] = entry.counts[address] or 0
  end
  if p then pick.prepare(entry, upstream.policy) end
  return entry
end

-- The counter moved: looks whether this app's document is another one.
local function refresh(app, counter)
  local entry, serial = by_app[app], state.serial(app)
  if not entry or entry.serial ~= serial then
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

return entries
