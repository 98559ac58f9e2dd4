-- Refusals: documents that were not taken, with the stamp and the reason (R6).
--
-- In: an app, a stamp, a code. Out: one for each app, for every worker. On failure: false where
-- there is no room for it.

local state = require('ballast.state')

local format, match = string.format, string.match

local SAVED = { 'saved_a', 'saved_b', 'saved' }

local refusals = {}

-- Callers hold the lock `apply`. Counted before it is there, and until it is gone: a worker that is
-- killed in between leaves the number too high, which costs no more than a look.
function refusals.set(app, stamp, code)
  local is_new = state.get('r:' .. app) == nil
  if is_new then state.count('refused', 1) end
  local text = format('%.0f %.0f %s', stamp.term, stamp.version, code)
  if state.set_row('r:' .. app, text) then return true end
  if is_new then state.count('refused', -1) end
  return false
end

function refusals.any()
  return (state.get('refused') or 0) > 0
end

function refusals.get(app)
  local term, version, code = match(state.get('r:' .. app) or '', '^(%d+) (%d+) (%S+)$')
  return term and { app = app, term = tonumber(term), version = tonumber(version), code = code }
end

function refusals.clear(app)
  if state.get('r:' .. app) == nil then return end
  state.set('r:' .. app, nil)
  state.count('refused', -1)
  -- A file that lists it holds less than its mark says: it counts as saved once it is written anew.
  state.count('settled')
  for _, name in ipairs(SAVED) do state.write_mark(name, nil) end
end

-- Asked at every step of the poll, when there is mostly none: looking through all names takes
-- milliseconds where health has many.
function refusals.list()
  local list = {}
  if not refusals.any() then return list end
  for _, app in ipairs(state.names('r:')) do list[#list + 1] = refusals.get(app) end
  return list
end

return refusals
