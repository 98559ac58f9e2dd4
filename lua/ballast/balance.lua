-- Balance: a request's work, in the balancer phase, and what stands before and after it.
--
-- In: a request's entry (entries.lua). Out: the server it goes to: the next by the app's policy
-- (pick.lua), after a failure another one (retry.lua); its end is counted (tally.lua).
-- On failure: the request goes to one of three unix sockets that nginx itself answers at: 503 with
-- Retry-After (no document yet, no server above 0; or all of these unhealthy, where the policy says
-- `reject`), or 404 (no app has this host). Where these cannot be asked, `admit` answers before.

local balancer = require('ngx.balancer')

local entries = require('ballast.entries')
local health = require('ballast.health')
local laps = require('ballast.laps')
local pick = require('ballast.pick')
local retry = require('ballast.retry')
local tally = require('ballast.tally')

local set_current_peer, set_more_tries = balancer.set_current_peer, balancer.set_more_tries
local get_last_failure = balancer.get_last_failure
local next_server = pick.next
local find_entry, find_lap, addresses_of = entries.find, entries.find_lap, laps.addresses
local is_marked = health.is_marked

local count, count_noted, begin, finish = tally.count, tally.count_noted, tally.begin, tally.finish
local answered = tally.answered

local find, match, floor, min = string.find, string.match, math.floor, math.min

local MAX_RETRIES = 15

local balance = {}

local sockets = {}
local statistics

function balance.init(config)
  statistics = config.statistics
  for _, name in ipairs({ 'none', 'unhealthy', 'unknown' }) do
    sockets[name] = 'unix:' .. config.state_dir .. '/' .. name .. '.sock'
  end
end

local function answer(name)
  local ok, err = set_current_peer(sockets[name])
  if not ok then ngx.log(ngx.ERR, 'ballast: ', err) end
end

-- Every server left is unhealthy. At a retry the failure was counted: this answer is no server's.
local function reject()
  if finish() then tally.ended() end
  answer('unhealthy')
end

-- Returns true where that was all.
local function run_known()
  local lap = find_lap()
  if not lap then return false end
  local at = lap.at + 1
  local k, others = lap.slots[at], lap.n - 1
  local address = addresses_of(lap)[k]
  if is_marked(address) or get_last_failure() then return false end
  lap.at = at
  count_noted(lap, k)
  if others > 0 then set_more_tries(min(others, MAX_RETRIES)) end
  local ok, err = set_current_peer(address)
  if not ok then ngx.log(ngx.ERR, 'ballast: ', address, ': ', err) end
  return true
end

function balance.run()
  if not statistics and run_known() then return end
  local entry, socket = find_entry()
  if not entry then return answer(socket) end
  if not entry.lap then return answer(entry.unhealthy and 'unhealthy' or 'none') end
  local k
  if get_last_failure() then
    k = retry.pick(entry)
  else
    k = next_server(entry)
    local others = #entry.addresses - 1
    if others > 0 then set_more_tries(min(others, MAX_RETRIES)) end
    if is_marked(entry.addresses[k]) then k = retry.instead(entry, k) end
  end
  if not k then return reject() end
  local address = entry.addresses[k]
  count(entry, k)
  if statistics or entry.asks_end then begin(entry, k) end
  local ok, err = set_current_peer(address)
  if not ok then ngx.log(ngx.ERR, 'ballast: ', address, ': ', err) end
end

-- access_by_lua, where servers are spoken to by TLS or HTTP/2: our sockets speak neither, and what
-- is sent there would be answered 502.
function balance.admit()
  local entry, socket = find_entry()
  if entry and entry.lap and not retry.rejects(entry) then return end
  if not entry and socket == 'unknown' then return ngx.exit(404) end
  ngx.header['Retry-After'] = 1
  ngx.exit(503)
end

-- The last of "0.012, 0.003", as nginx writes it after retries.
local function last_time(text)
  return tonumber(match(text or '', '([%d.]+)$'))
end

-- Failures before the last attempt's were counted at their retries. Times are those of answers: not
-- of failures, of clients that went away, nor of connections that became something else than HTTP.
function balance.log()
  local entry, k = finish()
  if not entry then return end
  local status = ngx.status
  if status >= 500 then
    if statistics then tally.failed(entry, k) end
    -- "-": no answer came, what is told is nginx' own.
    if find(ngx.var.upstream_header_time or '', '%-$') then health.failed(entry.addresses[k]) end
  elseif statistics and status ~= 499 and status ~= 101 then
    local text = ngx.var.upstream_response_time
    local time = tonumber(text) or last_time(text)
    if time then answered(entry, k, floor(time * 1000 + 0.5)) end
  end
  tally.ended()
end

return balance
