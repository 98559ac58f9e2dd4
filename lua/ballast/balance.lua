-- Balance: all of a request's work, in the balancer phase.
--
-- In: a request (its host, or $ballast_app), the shared counter. Out: the server it goes to.
-- On failure: the request goes to one of two unix sockets that nginx itself answers at: 503 with
-- Retry-After (no document yet, no server above 0) or 404 (no app has this host).
--
-- Each worker keeps a picker for each app in use, made anew, aside, when the counter moved and the
-- app's document is another one. Which app a host belongs to is kept for exact hosts only: names
-- under a wildcard have no bound. The common path reads one shared number, calls no socket and
-- allocates nothing.

local balancer = require('ngx.balancer')

local document = require('ballast.document')
local health = require('ballast.health')
local hosts = require('ballast.hosts')
local listeners = require('ballast.listeners')
local picker = require('ballast.picker')
local state = require('ballast.state')
local stats = require('ballast.stats')

local set_current_peer, set_more_tries = balancer.set_current_peer, balancer.set_more_tries
local get_last_failure = balancer.get_last_failure
local next_server = picker.next
local is_marked = health.is_marked
local random, min = math.random, math.min
local match, gmatch = string.match, string.gmatch

local MAX_RETRIES = 15
-- Slots taken from the lap before a server is drawn.
local MAX_SLOTS = 32

local balance = {}

local none, unknown
-- app -> entry; host -> app
local entries, by_host = {}, {}
local counter_seen, hosts_seen

function balance.init(config)
  none = 'unix:' .. config.state_dir .. '/none.sock'
  unknown = 'unix:' .. config.state_dir .. '/unknown.sock'
end

-- ---- entries

local function make_entry(app, packed, serial, previous)
  local upstream = document.unpack(app, packed)
  listeners.leave_out(app, upstream.servers)
  local p = picker.new(upstream.servers, previous and previous.picker, random)
  local entry = { app = app, serial = serial, picker = p, ips = {}, ports = {}, addresses = {},
    counts = stats.requests(app) }
  for i, server in ipairs(p and p.servers or {}) do
    local ip, port = match(server.address, '^(.*):(%d+)$')
    entry.ips[i], entry.ports[i], entry.addresses[i] = ip, tonumber(port), server.address
    entry.counts[server.address] = entry.counts[server.address] or 0
  end
  entry.retries = min(#entry.addresses - 1, MAX_RETRIES)
  return entry
end

-- The counter moved: looks whether this app's document is another one.
local function refresh(app, counter)
  local entry, serial = entries[app], state.serial(app)
  if not entry or entry.serial ~= serial then
    local _, packed
    _, packed, serial = state.read(app)
    if not packed then
      entries[app] = nil
      return nil
    end
    entry = make_entry(app, packed, serial, entry)
    entries[app] = entry
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

-- Returns the entry, or nil and the socket that answers.
local function find_entry()
  local counter = state.get('counter')
  if counter ~= counter_seen then note_counter(counter) end
  local app = ngx.var.ballast_app
  if not app or app == '' then app = app_of_host(ngx.var.host) end
  if not app then return nil, state.get('whole') and unknown or none end
  local entry = entries[app]
  if entry and entry.seen == counter then return entry end
  entry = refresh(app, counter)
  if not entry then return nil, none end
  return entry
end

-- ---- picking

local function usable(entry, k, tried)
  local address = entry.addresses[k]
  return not (tried and tried[address]) and not is_marked(address)
end

-- One of those not tried, drawn by weight; a marked one only where there is no other.
local function draw(entry, tried)
  local weights, best, sum, spare = entry.picker.weights, nil, 0, nil
  for k = 1, #entry.addresses do
    if usable(entry, k, tried) then
      sum = sum + weights[k]
      if random() * sum < weights[k] then best = k end
    elseif not (tried and tried[entry.addresses[k]]) then
      spare = k
    end
  end
  return best or spare
end

-- Another server than the one in turn. Taking the next slots leaves the others' shares exact: a
-- lap without its slots of the missing server is still theirs. Where that one's weight outnumbers
-- all others, one of them is drawn. Where all were tried, nginx gave one more try because a server
-- had closed a kept connection: any.
local function pick_other(entry, tried)
  for _ = 1, MAX_SLOTS do
    local k = next_server(entry.picker)
    if usable(entry, k, tried) then return k end
  end
  return draw(entry, tried) or next_server(entry.picker)
end

-- At a retry $upstream_addr reads "ip:port, ip:port : ".
local function tried_so_far()
  local tried, last = {}, nil
  for address in gmatch(ngx.var.upstream_addr or '', '[^%s,]+') do
    if address ~= ':' then
      tried[address] = true
      last = address
    end
  end
  return tried, last
end

local function pick_again(entry)
  local _, code = get_last_failure()
  local tried, last = tried_so_far()
  if last then
    stats.failed(entry.app, last)
    -- 502, 504: no answer came. Others are answers that proxy_next_upstream named.
    if code == 502 or code == 504 then health.failed(last) end
  end
  return pick_other(entry, tried)
end

local function go_to(socket)
  local ok, err = set_current_peer(socket)
  if not ok then ngx.log(ngx.ERR, 'ballast: ', err) end
end

function balance.run()
  local entry, socket = find_entry()
  if not entry then return go_to(socket) end
  local p = entry.picker
  if not p then return go_to(none) end
  local k
  if get_last_failure() then
    k = pick_again(entry)
  else
    k = next_server(p)
    if entry.retries > 0 then set_more_tries(entry.retries) end
    if is_marked(entry.addresses[k]) then k = pick_other(entry, nil) end
  end
  local counts, address = entry.counts, entry.addresses[k]
  counts[address] = counts[address] + 1
  local ok, err = set_current_peer(entry.ips[k], entry.ports[k])
  if not ok then ngx.log(ngx.ERR, 'ballast: ', address, ': ', err) end
end

-- ---- after the request

-- The last attempt's failure; those before it were counted at their retries. Whether the request
-- was ours cannot be asked ($proxy_host is gone once nginx made the error page itself): its server
-- says so.
function balance.log()
  if ngx.status < 500 then return end
  local _, last = tried_so_far()
  local entry = last and find_entry()
  if entry and entry.counts[last] then stats.failed(entry.app, last) end
end

return balance
