-- Probed: what the probes found, for every worker.
--
-- In: a server's address and its app's `policy.health`; from the one worker that probes, a change.
-- Out: a row in shared memory for each probe whose server was once unhealthy; no row: healthy.
-- On failure: where that memory is full a change is not kept, and the log says so once.
--
-- Apps that ask the same of an address share a row, whatever their weights. Rows outlive a change
-- of weights, a server that leaves and comes again, and a reload; those that are unhealthy also a
-- restart and an upgrade in place (ailing).
-- `health` moves with every change, before `counter`, which every request reads: so a request pays
-- nothing for health until some server's has changed.

local state = require('ballast.state')
local system = require('ballast.system')

local concat, format, match = table.concat, string.format, string.match

-- Returned to health so long ago that no slow start needs it, or asked for by no app for so long.
local KEEP_SECONDS = 3600

local probed = {}

local complained = false
-- row -> when the sweep first missed its probe
local missed = {}

-- No part has a space in it.
function probed.suffix(health)
  return concat({ '', health.path, health.host or '-', health.https and 'https' or 'http',
    health.intervalSeconds, health.timeoutSeconds, health.rise, health.fall }, ' ')
end

-- Moves with every change of any server's health.
function probed.number()
  return state.get('health') or 0
end

-- Returns whether it is unhealthy, since when (nil: it always was healthy), and why.
function probed.read(key)
  local value = state.get('p:' .. key)
  if not value then return false end
  local kind, since, why = match(value, '^(%a) (%S+) (.*)$')
  return kind == 'u', tonumber(since), why
end

local function write(key, unhealthy, since, why)
  local value = format('%s %.3f %s', unhealthy and 'u' or 'h', since, why or '')
  local ok, err = state.set_row('p:' .. key, value)
  if ok or complained then return ok end
  complained = true
  ngx.log(ngx.ERR, 'ballast: lua_shared_dict ballast_edge is too small for health: ', err)
end

function probed.change(key, unhealthy, why)
  if not write(key, unhealthy, system.monotonic(), why) then return false end
  state.count('health')
  state.count('counter')
  return true
end

-- At a start: what was found before it.
function probed.restore(key, since, why)
  write(key, true, since, why)
end

-- Still unhealthy, for another reason.
function probed.explain(key, why)
  local _, since, before = probed.read(key)
  if since and before ~= why then write(key, true, since, why) end
end

-- The parts of a key: address, path, host (nil: the address), whether by TLS.
function probed.parts(key)
  local address, path, host, scheme = match(key, '^(%S+) (%S+) (%S+) (%S+)')
  return address, path, host ~= '-' and host or nil, scheme == 'https'
end

-- Every row's probe.
function probed.names()
  return state.names('p:')
end

local function is_over(key, wanted, now)
  if wanted[key] then
    missed[key] = nil
    local unhealthy, since = probed.read(key)
    return not unhealthy and since and now - since > KEEP_SECONDS
  end
  missed[key] = missed[key] or now
  return now - missed[key] > KEEP_SECONDS
end

-- `wanted`: a set of the probes that some document asks for.
function probed.sweep(wanted)
  local now = system.monotonic()
  for _, key in ipairs(probed.names()) do
    if is_over(key, wanted, now) then
      state.set('p:' .. key, nil)
      missed[key] = nil
    end
  end
end

return probed
