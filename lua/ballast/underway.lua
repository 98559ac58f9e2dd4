-- Requests under way: how many of this worker's a server of an app is answering.
--
-- In: the balancer phase (a request goes to a server), the log phase (it is over). Out: a place
-- for each app and server, whose `count` is the number.
-- On failure: a request that never reaches the log phase (a subrequest; a configuration that does
-- not call it) would stay counted: subrequests are not, and a later request at the same place in
-- nginx' memory gives its count back.

local base = require('resty.core.base')
local ffi = require('ffi')

local cast, get_request = ffi.cast, base.get_request

local underway = {}

-- app -> address -> place; request -> place
local places, running = {}, {}

-- By its address in nginx' memory, the same in both phases; cheaper than ngx.ctx by far.
local function this_request()
  return tonumber(cast('uintptr_t', get_request()))
end

-- The places of an app's servers, in their order. Others are forgotten once nothing is under way.
function underway.places(app, addresses)
  local before, after, list = places[app] or {}, {}, {}
  for address, place in pairs(before) do
    if place.count > 0 then after[address] = place end
  end
  for i = 1, #addresses do
    local address = addresses[i]
    local place = before[address] or { count = 0 }
    list[i], after[address] = place, place
  end
  places[app] = after
  return list
end

-- Also at a retry: what the request was counted at before is over.
function underway.begin(place)
  local id = this_request()
  local before = running[id]
  if before then before.count = before.count - 1 end
  if ngx.is_subrequest then
    running[id] = nil
    return
  end
  running[id] = place
  place.count = place.count + 1
end

function underway.finish()
  local id = this_request()
  local place = running[id]
  if not place then return end
  place.count = place.count - 1
  running[id] = nil
end

return underway
