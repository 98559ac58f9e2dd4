-- Manifest: takes documents out of the source, some by name or all that differ, to sync.
--
-- In: a session of the source, names; or the moment that a comparison belongs to. Out: whether
-- every refusal is on record; of a comparison also the names that lie above the source (R9).
-- On failure: nil and a message; what was applied by then is applied, the mark has not moved.

local document = require('ballast.document')
local lost = require('ballast.lost')
local state = require('ballast.state')
local sync = require('ballast.sync')

local min = math.min
local compare = document.compare

local PAUSE = 500
-- A beat reports no more.
local MAX_ABOVE = 100

local manifest = {}

local source

function manifest.init(settings)
  source = settings.source
end

-- Applies what a source has handed over.
function manifest.take(term, documents)
  if #documents == 0 then return true end
  return sync.apply(term, documents, source.name)
end

-- Reads documents and applies them.
function manifest.fetch(session, names)
  local complete = true
  for from = 1, #names, source.batch do
    local some = { unpack(names, from, min(from + source.batch - 1, #names)) }
    local term, documents = source.read(session, some)
    if not term then return nil, documents end
    local kept, err = manifest.take(term, documents)
    if kept == nil then return nil, err end
    complete = complete and kept
  end
  return complete
end

local function newer_names(lines)
  local names, n = {}, 0
  for app, line in pairs(lines) do
    local held = state.stamp(app)
    local order = compare(line, held)
    if order > 0 or (order == 0 and held.digest ~= line.digest) then names[#names + 1] = app end
    n = n + 1
    if n % PAUSE == 0 then ngx.sleep(0.001) end
  end
  return names
end

-- A push during the scan may have put an app above the line read: those are looked at again.
local function names_above(session, lines)
  local names = {}
  for i, app in ipairs(state.apps()) do
    if compare(state.stamp(app), lines[app]) > 0 then names[#names + 1] = app end
    if i % PAUSE == 0 then ngx.sleep(0.001) end
    if #names == MAX_ABOVE then break end
  end
  if #names == 0 then return names end
  local now, err = source.lines_of(session, names)
  if not now then return nil, err end
  local above = {}
  for _, app in ipairs(names) do
    if compare(state.stamp(app), now[app]) > 0 then above[#above + 1] = app end
  end
  return above
end

-- `seen` is the look before the scan.
function manifest.compare(session, seen)
  local lines, err = source.lines(session)
  if not lines then return nil, err end
  local complete
  complete, err = manifest.fetch(session, newer_names(lines))
  if complete == nil then return nil, err end
  local above
  above, err = names_above(session, lines)
  if not above then return nil, err end
  -- Another term or an older version by now: what was scanned is of no one moment.
  local after
  after, err = source.moment(session)
  if not after then return nil, err end
  if after.term ~= seen.term or after.version < seen.version then
    return nil, 'the source changed'
  end
  lost.settle(seen.term, lines)
  return complete, above
end

return manifest
