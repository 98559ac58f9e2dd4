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

-- The picker's steps are not needed: what it owes now stays in its credits.
function least.prepare(p)
  p.plan = nil
end

local function settle_tie(p, places, allowed, ratio)
  local credits, weights, best, highest, sum = p.credits, p.weights, 0, 0, 0
  for k = 1, #weights do
    local w = weights[k]
    if places[k].count * ratio.weight == ratio.count * w and (not allowed or allowed[k]) then
      local credit = credits[k] + w
      sum = sum + credit
      if best == 0 or credit > highest then best, highest = k, credit end
      credits[k] = credit
    end
  end
  credits[best] = credits[best] - sum
  return best
end

-- The lowest ratio so far, kept here so that a tie allocates nothing.
local lowest = { count = 0, weight = 1 }

function least.next(p, places, allowed)
  local weights, best, ties = p.weights, 0, 0
  local least_count, least_weight = 0, 1
  for k = 1, #weights do
    if not allowed or allowed[k] then
      local count, w = places[k].count, weights[k]
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
