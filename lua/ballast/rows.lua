-- Rows: lets go of the statistics of servers that no document names any more, so that they do not
-- fill the bound. Runs in one worker (follower).
--
-- In: the rows, the documents. Out: a row that nobody counted in, and no document named, at two
-- looks in a row, is gone; counted again, it begins at 0. Never fails.

local document = require('ballast.document')
local names = require('ballast.names')
local pace = require('ballast.pace')
local state = require('ballast.state')

local match = string.match

local LOOK_SECONDS = 600

local rows = {}

-- name -> its count at the last look, where no document named it
local missed = {}

local function addresses_of(app)
  local held = not names.is_reserved(app) and state.held(app)
  local packed = held and document.body(held)
  return packed and document.address_set(packed) or {}
end

-- `rest`: see pace.
function rows.look(rest)
  local before, now, by_app = missed, {}, {}
  for key, n in pairs(state.totals()) do
    local name, app, address = match(key, '^r ((%S+) (%S+))$')
    if name and name ~= state.OTHER then
      by_app[app] = by_app[app] or addresses_of(app)
      if not by_app[app][address] then now[name] = n end
      rest()
    end
  end
  for name, n in pairs(now) do
    if before[name] == n then
      state.remove_row(name)
      now[name] = nil
    end
  end
  missed = now
end

-- Returns the seconds to wait before the next session.
function rows.session()
  rows.look(pace.start(pace.BACKGROUND))
  return LOOK_SECONDS
end

return rows
