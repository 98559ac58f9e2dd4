-- Balance: a request's work, in the balancer phase, and what stands before and after it.
--
-- In: a request's entry (entries.lua). Out: the server it goes to: the next by the app's policy
-- (pick.lua), after a failure another one (retry.lua).
-- On failure: the request goes to one of two unix sockets that nginx itself answers at: 503 with
-- Retry-After (no document yet, no server above 0) or 404 (no app has this host). Where these
-- cannot be asked, `admit` answers before.

local balancer = require('ngx.balancer')

local entries = require('ballast.entries')
local health = require('ballast.health')
local pick = require('ballast.pick')
local retry = require('ballast.retry')
local stats = require('ballast.stats')
local underway = require('ballast.underway')

local set_current_peer, set_more_tries = balancer.set_current_peer, balancer.set_more_tries
local get_last_failure = balancer.get_last_failure
local next_server = pick.next
local find_entry = entries.find
local is_marked = health.is_marked

local find, min = string.find, math.min

local MAX_RETRIES = 15

local balance = {}

local sockets = {}

function balance.init(config)
  for _, name in ipairs({ 'none', 'unknown' }) do
    sockets[name] = 'unix:' .. config.state_dir .. '/' .. name .. '.sock'
  end
end

local function answer(name)
  local ok, err = set_current_peer(sockets[name])
  if not ok then ngx.log(ngx.ERR, 'ballast: ', err) end
end

function balance.run()
  local entry, socket = find_entry()
  if not entry then return answer(socket) end
  if not entry.picker then return answer('none') end
  local k
  if get_last_failure() then
    k = retry.pick(entry)
  else
    k = next_server(entry)
    local others = #entry.addresses - 1
    if others > 0 then set_more_tries(min(others, MAX_RETRIES)) end
    if is_marked(entry.addresses[k]) then k = retry.instead(entry, k) end
  end
  local counts, address = entry.counts, entry.addresses[k]
  counts[address] = counts[address] + 1
  if entry.places then underway.begin(entry.places[k]) end
  local ok, err = set_current_peer(address)
  if not ok then ngx.log(ngx.ERR, 'ballast: ', address, ': ', err) end
end

-- access_by_lua, where servers are spoken to by TLS or HTTP/2: our sockets speak neither, and what
-- is sent there would be answered 502.
function balance.admit()
  local entry, socket = find_entry()
  if entry and entry.picker then return end
  if not entry and socket == 'unknown' then return ngx.exit(404) end
  ngx.header['Retry-After'] = 1
  ngx.exit(503)
end

-- The last attempt's failure; those before it were counted at their retries. Whether the request
-- was ours cannot be asked ($proxy_host is gone once nginx made the error page itself): its server
-- says so.
function balance.log()
  underway.finish()
  if ngx.status < 500 or not ngx.var.upstream_addr then return end
  local entry = find_entry()
  if not entry then return end
  local _, last = retry.tried(entry)
  if not last or not entry.counts[last] then return end
  stats.failed(entry.app, last)
  -- "-": no answer came, what is told is nginx' own.
  if find(ngx.var.upstream_header_time or '', '%-$') then health.failed(last) end
end

return balance
