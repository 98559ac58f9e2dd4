-- Newcomers: servers that came to an upstream that was there, and when; for slow start.
--
-- In: an app's value (stamp and packed body) that is about to be stored, and the one held. Out: a
-- row in shared memory for each app with such servers, so that all workers, also after a reload,
-- see one moment.
-- On failure: where that memory is full a server takes its whole weight at once.
-- Where no server was there before, all are equally new: none is a newcomer.

local document = require('ballast.document')
local json = require('ballast.json')
local state = require('ballast.state')
local system = require('ballast.system')

local concat, find, format, gmatch = table.concat, string.find, string.format, string.gmatch

local newcomers = {}

local function window(value)
  local text = document.special_policy(value, document.BODY)
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

local function list(app, value, held, seconds)
  local now, since, parts = system.monotonic(), newcomers.read(app), {}
  local before = document.address_set(held, document.BODY)
  local survives = false
  for address in pairs(document.address_set(value, document.BODY)) do
    local moment = before[address] and since[address] or not before[address] and now
    survives = survives or before[address]
    if moment and now - moment < seconds then
      parts[#parts + 1] = format('%s %.3f', address, moment)
    end
  end
  return survives and concat(parts, ' ') or ''
end

-- There is a row only where the body held has a slow start.
function newcomers.note(app, value, held)
  local seconds = document.has_body(value) and window(value)
  if not seconds and not window(held) then return end
  local text = seconds and list(app, value, held, seconds) or ''
  if text ~= '' then return state.set_row('s:' .. app, text) end
  if state.get('s:' .. app) then state.set('s:' .. app, nil) end
end

return newcomers
