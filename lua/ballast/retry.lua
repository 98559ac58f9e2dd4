-- Retry: another server than the one in turn.
--
-- In: an entry; what this request has tried; which addresses are marked. Out: an index into the
-- entry's addresses. On failure: there is always one, if only a marked one.
-- Not the common path: it may allocate.

local balancer = require('ngx.balancer')

local health = require('ballast.health')
local picker = require('ballast.picker')
local stats = require('ballast.stats')

local get_last_failure = balancer.get_last_failure
local next_server = picker.next
local is_marked = health.is_marked
local random, gmatch = math.random, string.gmatch

-- Slots taken from the lap before a server is drawn.
local MAX_SLOTS = 32

local retry = {}

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

-- Taking the next slots leaves the others' shares exact: a lap without its slots of the missing
-- server is still theirs. Where that one's weight outnumbers all others, one of them is drawn.
-- Where all were tried, nginx gave one more try because a server had closed a kept connection: any.
function retry.other(entry, tried)
  for _ = 1, MAX_SLOTS do
    local k = next_server(entry.picker)
    if usable(entry, k, tried) then return k end
  end
  return draw(entry, tried) or next_server(entry.picker)
end

-- The servers that this request was sent to, and the last of them. $upstream_addr reads
-- "ip:port, ip:port", at a retry with " : " behind.
function retry.tried()
  local tried, last = {}, nil
  for address in gmatch(ngx.var.upstream_addr or '', '[^%s,]+') do
    if address ~= ':' then
      tried[address] = true
      last = address
    end
  end
  return tried, last
end

-- After a failure.
function retry.pick(entry)
  local _, code = get_last_failure()
  local tried, last = retry.tried()
  if last then
    stats.failed(entry.app, last)
    -- 502, 504: no answer came. Others are answers that proxy_next_upstream named.
    if code == 502 or code == 504 then health.failed(last) end
  end
  return retry.other(entry, tried)
end

return retry
