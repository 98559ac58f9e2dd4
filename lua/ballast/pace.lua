-- Pace: lets other requests in while a long piece of work goes on.
--
-- In: how long a slice of the work may take. Out: a function, to be called between small parts of
-- the work: where the worker has been at it for a slice, it sleeps for a moment. Never fails. Only
-- where a worker may sleep: in a request or a timer, and under no lock.

local system = require('ballast.system')

-- Seconds that a request of another client may have to wait: for a call that somebody waits for,
-- and for work in the background, which may be at it at the same time. The sleep is the shortest
-- that lets events in.
local CALL, BACKGROUND, SLEEP = 0.004, 0.001, 0.001

local pace = { BACKGROUND = BACKGROUND }

-- For work under a lock, which ends its part itself.
function pace.deadline()
  return system.monotonic() + CALL
end

function pace.start(slice)
  slice = slice or CALL
  local deadline = system.monotonic() + slice
  return function()
    if system.monotonic() < deadline then return end
    ngx.sleep(SLEEP)
    deadline = system.monotonic() + slice
  end
end

return pace
