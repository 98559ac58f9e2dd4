-- Least: the server with the fewest requests under way for its weight.
--
-- In: a picker, each server's place with its `count`, which servers are allowed (nil: all). Out: an
-- index into the picker's addresses. On failure: nil where none is allowed.
-- Pure: plain Lua, no ngx.
--
-- Ties are many where there is little traffic. Among the tied the highest credit wins; each gains
-- its weight, the winner loses the sum of what they had: as a smooth turn among them. The credits
-- are the picker's, less the weight; so an update, even of the balance, carries them on.

local least = {}

local function settle_tie(p, places, allowed, ratio)
  local servers, best, highest, sum = p.servers, 0, 0, 0
  for k = 1, #p.addresses do
    local w = servers[k].weight
    if places[k].count * ratio.weight == ratio.count * w and (not allowed or allowed[k]) then
      local credit = servers[k].credit + w
      sum = sum + credit
      if best == 0 or credit > highest then best, highest = k, credit end
      servers[k].credit = credit
    end
  end
  servers[best].credit = servers[best].credit - sum
  return best
end

-- The lowest ratio so far, kept here so that a tie allocates nothing.
local lowest = { count = 0, weight = 1 }

function least.next(p, places, allowed)
  local servers, best, ties = p.servers, 0, 0
  local least_count, least_weight = 0, 1
  for k = 1, #p.addresses do
    if not allowed or allowed[k] then
      local count, w = places[k].count, servers[k].weight
      local more = count * least_weight - least_count * w
      if best == 0 or more < 0 then
        best, least_count, least_weight, ties = k, count, w, 1
      elseif more == 0 then
        ties = ties + 1
      end
    end
  end
  if best == 0 then return nil end
  if ties == 1 then return best end
  lowest.count, lowest.weight = least_count, least_weight
  return settle_tie(p, places, allowed, lowest)
end

return least
