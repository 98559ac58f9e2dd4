-- Statistics: requests, failures, answers and their time of each app and server, cumulative since
-- `start`.
--
-- In: what each worker's tally drained. Out: sums over all workers, in shared memory (rows).
-- On failure: what finds no room is counted together, as `other`, and the log says so once.

local rows = require('ballast.rows')
local tally = require('ballast.tally')

local stats = {}

local complained = false

local function bring(...)
  local err = rows.add(...)
  if not err or complained then return end
  complained = true
  ngx.log(ngx.WARN, 'ballast: lua_shared_dict ballast_stats is too small for a row of each server',
    ' in the statistics: ', err, '; those without are counted as "other"')
end

-- Without a `rest` (pace) at once, and complete up to this moment: short where one with a rest has
-- just come to its end.
function stats.flush(rest)
  tally.drain(bring, rest)
end

return stats
