-- Turn: long calls of a worker one after the other, while the bodies of the next ones come in.
--
-- In: the work of a call. Out: nothing; it is done when this returns. On failure of the work: the
-- turn is given back, and the error goes on. Where a turn does not come for a minute the work is
-- done beside the others: that costs memory and time, and nothing else.

local semaphore = require('ngx.semaphore')

-- Seconds.
local LONGEST, SLEEP = 60, 0.001

local turn = {}

local free

function turn.take(work, ...)
  free = free or semaphore.new(1)
  local taken = free:wait(0)
  if not taken then
    taken = free:wait(LONGEST)
    -- Lets events in: else another client's request meets the end of one slice and a whole next.
    ngx.sleep(SLEEP)
  end
  local ok, err = pcall(work, ...)
  if taken then free:post(1) end
  if not ok then error(err, 0) end
end

return turn
