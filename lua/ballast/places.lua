-- Places: how many requests of this worker each server of an app has under way, for `least`.
--
-- In: an app and its servers' addresses. Out: a place for each, whose `count` tally keeps. A place
-- outlives the entry: after an update a server goes on with what it has. Never fails. Pure.

local places = {}

-- app -> address -> place
local by_app = {}

-- In the order of the addresses. Others are forgotten once nothing is under way.
function places.of(app, addresses)
  local before, after, list = by_app[app] or {}, {}, {}
  for address, place in pairs(before) do
    if place.count > 0 then after[address] = place end
  end
  for i = 1, #addresses do
    local address = addresses[i]
    local place = before[address] or { count = 0 }
    list[i], after[address] = place, place
  end
  by_app[app] = after
  return list
end

-- Those with requests under way end in tally, and are nobody's.
function places.forget(app)
  by_app[app] = nil
end

return places
