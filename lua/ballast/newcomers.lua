-- Newcomers: servers that came to an upstream that was there, and when; for slow start.
--
-- In: an app's packed body that is about to be stored, and the one held. Out: a row in shared
-- memory for each app with such servers, so that all workers, also after a reload, see one moment.
-- On failure: where that memory is full a server takes its whole weight at once.
-- Where no server was there before, all are equally new: none is a newcomer.

local document = require('ballast.document')
local json = require('ballast.json')
local state = require('ballast.state')
local system = require('ballast.system')

local concat, find, format, gmatch = table.concat, string.find, string.format, string.gmatch

local newcomers = {}

local function window(packed)
  local text = document.special_policy(packed)
  if not text or not find(text, '"slowStart"', 1, true) then return nil end
  return json.decode(text).slowStart.seconds
end

-- address -> when it came
function newcomers.read(app)
  local since = {}
  for address, moment in gmatch(state.get('s:' .. app) or '', '(%S+) (%S+)') do
    since[address] = tonumber(moment)
  end
  return since
end

local function list(app, packed, held, seconds)
  local now, since, parts = system.monotonic(), newcomers.read(app), {}
  local before = document.address_set(held)
  local survives = false
  for address in pairs(document.address_set(packed)) do
    local moment = before[address] and since[address] or not before[address] and now
    survives = survives or before[address]
    if moment and now - moment < seconds then
      parts[#parts + 1] = format('%s %.3f', address, moment)
    end
  end
  return survives and concat(parts, ' ') or ''
end

-- `held`: nil where nothing is, or it was deleted.
function newcomers.note(app, packed, held)
  local seconds = packed and held and window(packed)
  local text = seconds and list(app, packed, held, seconds) or ''
  if text ~= '' then return state.set_row('s:' .. app, text) end
  if state.get('s:' .. app) then state.set('s:' .. app, nil) end
end

return newcomers
