-- Pace: lets other requests in while a long piece of work goes on.
--
-- In: how long a slice of the work may take. Out: a function, to be called between small parts of
-- the work: where the worker has been at it for a slice, it sleeps for a moment. Asked with `true`
-- it says when the slice ends, for work under a lock, which ends its part itself. Never fails. Only
-- where a worker may sleep: in a request or a timer, and under no lock.

local system = require('ballast.system')

-- Seconds: for a call that somebody waits for, and for work in the background, which may be at it
-- at the same time. A request of another client meets two or three slices: between its arrival, its
-- server's answer, and where a connection is made. The sleep is the shortest that lets events in.
local CALL, BACKGROUND, SLEEP = 0.0025, 0.001, 0.001

local pace = { BACKGROUND = BACKGROUND }

function pace.start(slice)
  slice = slice or CALL
  local deadline = system.monotonic() + slice
  return function(ask)
    if ask then return deadline end
    if system.monotonic() < deadline then return nil end
    ngx.sleep(SLEEP)
    deadline = system.monotonic() + slice
    return nil
  end
end

return pace
