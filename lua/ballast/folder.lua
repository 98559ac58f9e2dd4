-- Folder: who may write this edge's stateDir. Used by the one worker that has the duties.
--
-- In: the path. Out: whether this process holds the folder's lock, which it keeps until it gives it
-- back or ends. On failure: nil, a message, and whether another process holds it.
-- Two processes that write one folder (an upgrade in place, a name used twice) would make what both
-- say of it untrue.

local system = require('ballast.system')

local folder = {}

local path, lock

function folder.init(settings)
  path = settings.state_dir .. '/lock'
end

function folder.hold()
  if lock then return true end
  local err, is_held
  lock, err, is_held = system.lock_file(path)
  return lock, err, is_held
end

function folder.give_back()
  if lock then system.unlock_file(lock) end
  lock = nil
end

return folder
