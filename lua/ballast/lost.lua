-- Lost: refused documents that the source has lost, so that nobody can bring them any more.
--
-- In: a whole manifest of a source under a term. Out: refusals of earlier terms are gone whose
-- app's line says nothing that is not held. On failure: there is none.
--
-- A fail-over may lose a commit that only this edge has heard of and had no room for. Without this
-- its refusal would stand until somebody writes the app anew (R6), and be in the way of every wait.
-- Should another edge bring the document back, that is a change like any other, refused anew.

local document = require('ballast.document')
local lock = require('ballast.lock')
local refusals = require('ballast.refusals')
local state = require('ballast.state')

local compare = document.compare

local lost = {}

local function has_all(app, line)
  if not line then return true end
  local held = state.stamp(app)
  local order = compare(line, held)
  return order < 0 or (order == 0 and line.digest == held.digest)
end

local function settle(term, lines)
  local any = false
  for _, refused in ipairs(refusals.list()) do
    if refused.term < term and has_all(refused.app, lines[refused.app]) then
      refusals.clear(refused.app)
      any = true
    end
  end
  if not any then return end
  state.count('news')
  state.count('change')
end

function lost.settle(term, lines)
  lock.exclusively('apply', settle, term, lines)
end

return lost
