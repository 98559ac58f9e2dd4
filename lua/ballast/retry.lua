-- Retry: another server than the one in turn.
--
-- In: an entry; what this request has tried; which addresses are marked. Out: an index into the
-- entry's addresses. On failure: a marked one, or nil where the app's policy is to reject then.
-- Not the common path: it may allocate.

local balancer = require('ngx.balancer')

local health = require('ballast.health')
local pick = require('ballast.pick')
local system = require('ballast.system')
local tally = require('ballast.tally')

local get_last_failure = balancer.get_last_failure
local is_marked = health.is_marked
local byte, gmatch, match = string.byte, string.gmatch, string.match
local BRACKET = byte('[')

-- Slots taken from the lap before a server is drawn.
local MAX_SLOTS = 32

local retry = {}

-- By index; one for all requests, for nothing waits between filling and reading it.
local allowed = {}

-- The untried ones: unmarked or marked, of one cluster or (nil) of any.
local function among(entry, tried, marked, cluster)
  for k = 1, #entry.addresses do
    local address = entry.addresses[k]
    allowed[k] = not (tried and tried[address]) and marked == (is_marked(address) == true)
      and (not cluster or entry.clusters[k] == cluster)
  end
  return pick.among(entry, allowed)
end

local function index_of(entry, address)
  for k = 1, #entry.addresses do
    if entry.addresses[k] == address then return k end
  end
end

-- Counted where the request was sent to, whatever the entry has become since.
local function count_failure(entry, k)
  local sent, index = tally.last()
  if sent then
    tally.failed(sent, index)
  elseif k then
    tally.failed(entry, k)
  end
end

-- Whether no server may take a first try.
function retry.rejects(entry)
  if not entry.rejects then return false end
  for _, address in ipairs(entry.addresses) do
    if not is_marked(address) then return false end
  end
  return true
end

-- Instead of a marked server, at a first try. In smooth order taking the next slots leaves the
-- others' shares exact: a lap without its slots of the missing server is still theirs. Where that
-- one's weight outnumbers all others, one of them is drawn. All marked: as if none were, or nil.
function retry.instead(entry, k)
  if not entry.balance then
    for _ = 1, MAX_SLOTS do
      local other = pick.next(entry)
      if not is_marked(entry.addresses[other]) then return other end
    end
  end
  return among(entry, nil, false) or not entry.rejects and k or nil
end

-- nginx writes IPv6 addresses in their shortest form; a document may hold another.
local function name_in(entry, address)
  if byte(address) ~= BRACKET or index_of(entry, address) then return address end
  local host, port = match(address, '^%[(.*)%]:(%d+)$')
  local bytes = host and system.address_bytes(host)
  for k = 1, #entry.addresses do
    local other, other_port = match(entry.addresses[k], '^%[(.*)%]:(%d+)$')
    if other_port == port and system.address_bytes(other) == bytes then
      return entry.addresses[k]
    end
  end
  return address
end

-- The servers that this request was sent to, and the last of them. $upstream_addr reads
-- "ip:port, ip:port", at a retry with " : " behind.
function retry.tried(entry)
  local tried, last = {}, nil
  for address in gmatch(ngx.var.upstream_addr or '', '[^%s,]+') do
    if address ~= ':' then
      last = name_in(entry, address)
      tried[last] = true
    end
  end
  return tried, last
end

-- After a failure: the untried of the same cluster, then those of others; marked ones where there
-- is no unmarked one. Weight 0 is in no entry. Where all were tried, nginx gave one more try
-- because a server had closed a kept connection: any.
function retry.pick(entry)
  local _, code = get_last_failure()
  local tried, last = retry.tried(entry)
  if not last then return pick.next(entry) end
  local k = index_of(entry, last)
  count_failure(entry, k)
  -- 502, 504: no answer came. Others are answers that proxy_next_upstream named. Only of a server:
  -- our own sockets may be among what was tried.
  if k and (code == 502 or code == 504) then health.failed(last) end
  local cluster = k and entry.clusters[k]
  local other = cluster and among(entry, tried, false, cluster) or among(entry, tried, false)
  if other then return other end
  other = cluster and among(entry, tried, true, cluster) or among(entry, tried, true)
  if other and entry.rejects then return nil end
  return other or pick.next(entry)
end

return retry
