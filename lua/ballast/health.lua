-- Passive marks: a server that refused connections is left alone for a moment.
--
-- In: failures that nginx tells at a retry. Out: whether an address is marked.
-- In this worker's memory only, and short: without it every request of a dead server's share
-- would try it first. One failure marks nothing (a kept connection that the server closed looks the
-- same); the second within WINDOW does, and then each one at once while it goes on failing.
-- A mark empties no upstream but where the policy says `reject`: who asks takes a marked server
-- where there is no other.

local system = require('ballast.system')

local WINDOW, MARK_SECONDS = 10, 2

local health = {}

local failures = {}

function health.failed(address)
  local now = system.monotonic()
  local entry = failures[address]
  if not entry or now - entry.last > WINDOW then
    entry = { count = 0, since = now, last = now, till = 0 }
    failures[address] = entry
  end
  entry.count, entry.last = entry.count + 1, now
  if entry.count >= 2 then entry.till = now + MARK_SECONDS end
end

-- Nothing is marked most of the time: then this is one look into an empty table.
function health.is_marked(address)
  local entry = failures[address]
  return entry ~= nil and entry.till > system.monotonic()
end

-- Calls `visit(address, since)` for each server that is marked now.
function health.each_marked(visit)
  local now = system.monotonic()
  for address, entry in pairs(failures) do
    if entry.till > now then visit(address, entry.since) end
  end
end

-- Forgets what is long over; called by the worker's timer.
function health.sweep()
  local now = system.monotonic()
  for address, entry in pairs(failures) do
    if now - entry.last > WINDOW then failures[address] = nil end
  end
end

return health
