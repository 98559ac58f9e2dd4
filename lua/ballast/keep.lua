-- Keep: puts a document into the memory, with all that hangs on it: its hosts, and when its servers
-- came.
--
-- In: an app, what it is to be, what is held of it. Out: true. On failure: nil and why, and
-- everything is as it was.

local document = require('ballast.document')
local hosts = require('ballast.hosts')
local names = require('ballast.names')
local newcomers = require('ballast.newcomers')
local state = require('ballast.state')

local BODY = document.BODY

local keep = {}

local function host_names(app, value)
  return value and document.has_body(value) and not names.is_reserved(app)
    and document.host_names(value, BODY) or nil
end

-- Mostly weights alone are others.
local function same_claims(value, held)
  return document.has_body(value) and document.owner(held) == document.owner(value)
    and document.same_hosts(held, value, BODY)
end

-- `value`: stamp and packed body. `held`, `serial`: what lies in the memory now, if anything.
-- Callers hold the lock `apply`.
function keep.store(app, value, held, serial)
  if held and document.has_body(held) and not names.is_reserved(app) then
    newcomers.note(app, value, held)
    if same_claims(value, held) then return state.store(app, value, held, serial) end
  end
  local before, after = host_names(app, held), host_names(app, value)
  local owner = document.owner(value)
  local same_owner = held and document.owner(held) == owner
  if before == after and (same_owner or not after) then
    return state.store(app, value, held, serial)
  end
  local old, new = document.host_list(before), document.host_list(after)
  -- Another owner claims all of its hosts anew.
  local taken, moved = hosts.take(app, owner, same_owner and old or nil, new)
  if not taken then return nil, moved end
  local ok, err = state.store(app, value, held, serial)
  if not ok then
    hosts.drop(app, taken, nil)
    return nil, err
  end
  moved = hosts.drop(app, old, new) or moved
  if moved then state.count('hosts') end
  return true
end

return keep
