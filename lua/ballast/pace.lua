-- Pace: lets other requests in while a long piece of work goes on.
--
-- In: nothing. Out: a function, to be called between small parts of the work: where the worker has
-- been at it for a slice, it sleeps for a moment. Never fails. Only where a worker may sleep: in a
-- request or a timer, and under no lock.

local system = require('ballast.system')

-- What a request of another client may have to wait. The sleep is the shortest that lets events in.
local SLICE_SECONDS, SLEEP_SECONDS = 0.004, 0.001

local pace = {}

-- For work under a lock, which ends its part itself.
function pace.deadline()
  return system.monotonic() + SLICE_SECONDS
end

function pace.start()
  local deadline = pace.deadline()
  return function()
    if system.monotonic() < deadline then return end
    ngx.sleep(SLEEP_SECONDS)
    deadline = pace.deadline()
  end
end

return pace
