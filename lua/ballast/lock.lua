-- Locks between workers.
--
-- In: a lock's name, and the work it is for. Out: whether this worker holds it; what the work
-- returned. On failure of the work: the lock is given back, and the error goes on.
--
-- Held by a process id, not for a time: a clock that jumps neither frees it early nor keeps it.
-- Whoever finds a dead holder first takes the lock on that one's succession, looks again, and only
-- then the lock, so that of several only one can. It is a lock like any other: who dies with it has
-- a successor too, and leaves at most its key behind.

local state = require('ballast.state')
local system = require('ballast.system')

local lock = {}

local function take(key, me)
  if state.add_new(key, me) then return true end
  local holder = state.get(key)
  if holder == me then return true end
  if not holder or system.is_alive(holder) then return false end
  local succession = key .. ' ' .. holder
  if not take(succession, me) then return false end
  local taken = state.get(key) == holder
  if taken then state.set(key, me) end
  state.set(succession, nil)
  return taken
end

function lock.try(name)
  return take('l:' .. name, ngx.worker.pid())
end

function lock.give_back(name)
  if state.get('l:' .. name) == ngx.worker.pid() then state.set('l:' .. name, nil) end
end

-- Runs `work` as the only one. It must not wait for anything: then a holder cannot meet itself in
-- another request of its worker, and nobody waits longer than a batch takes.
function lock.exclusively(name, work, ...)
  while not lock.try(name) do ngx.sleep(0.001) end
  local ok, a, b, c = pcall(work, ...)
  lock.give_back(name)
  if not ok then error(a, 0) end
  return a, b, c
end

return lock
