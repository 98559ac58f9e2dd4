-- Turn: long calls of a worker one after the other, while the bodies of the next ones come in.
--
-- In: the work of a call. Out: nothing; it is done when this returns. On failure of the work: the
-- turn is given back, and the error goes on. Where a turn does not come for a minute the work is
-- done beside the others: that costs memory and time, and nothing else.

local semaphore = require('ngx.semaphore')

-- Seconds.
local LONGEST, SLEEP = 60, 0.001
-- Percent of what is in use that the memory grows to before what is garbage is looked for again. A
-- call of many documents leaves little else, and each look goes through all that the worker holds.
local PAUSE = 400

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
  local pause = taken and collectgarbage('setpause', PAUSE)
  local ok, err = pcall(work, ...)
  if taken then
    collectgarbage('setpause', pause)
    free:post(1)
  end
  if not ok then error(err, 0) end
end

return turn
