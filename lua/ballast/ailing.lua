-- Ailing: unhealthy servers on disk, so that an upgrade in place and a restart know them.
--
-- In: the rows of health in shared memory. Out: the file `health` of stateDir: a checksum, the
-- time, and the probes whose servers are unhealthy. At a start: these, if the file is whole and
-- young; the first probes confirm or clear them.
-- On failure: nothing is known of any server, as at a first start. The log says why.
--
-- Not a part of the snapshot: that is large, and what it holds stays true, which health does not.
-- The time is this machine's since it was started: a file from before that lies in the future, or
-- is too old.

local probed = require('ballast.probed')
local system = require('ballast.system')

local format, gmatch, match = string.format, string.gmatch, string.match

-- Written when health changed, at most each second; and now and then, to stay young.
local MAX_AGE, SPACING_SECONDS, REFRESH_SECONDS = 600, 1, 60

local ailing = {}

local path
-- The number of health that was written last; nil: whoever had this duty before may not have.
local written
local looked_at, refreshed_at = 0, 0

function ailing.init(settings)
  path = settings.state_dir .. '/health'
end

local function content(now)
  local lines = { format('%.3f', now) }
  for _, key in ipairs(probed.names()) do
    local unhealthy, since, why = probed.read(key)
    if unhealthy then lines[#lines + 1] = format('%.3f %s\t%s', since, key, why) end
  end
  return table.concat(lines, '\n') .. '\n'
end

local function write(text)
  local file, err = system.create(path .. '.new')
  if not file then return nil, err end
  local ok
  ok, err = system.write(file, ngx.md5(text) .. '\n' .. text)
  if not ok then
    system.discard(file)
    return nil, err
  end
  return system.rename(file, path)
end

-- By the worker that probes. The file need not survive a loss of power: the machine starts anew.
function ailing.save()
  local now, number = system.monotonic(), probed.number()
  if now - looked_at < SPACING_SECONDS then return end
  looked_at = now
  if number == written and now - refreshed_at < REFRESH_SECONDS then return end
  written, refreshed_at = number, now
  local ok, err = write(content(now))
  if not ok then ngx.log(ngx.ERR, 'ballast: ', err) end
end

local function take(rows)
  for since, key, why in gmatch(rows, '(%S+) ([^\n\t]+)\t([^\n]*)\n') do
    probed.restore(key, tonumber(since), why)
  end
end

-- At a start, before there are workers.
function ailing.load()
  local file = io.open(path, 'rb')
  if not file then return end
  local text = file:read('*a')
  file:close()
  local sum, body = match(text, '^(%x+)\n(.*)$')
  local time, rows = match(body or '', '^(%S+)\n(.*)$')
  if not time or ngx.md5(body) ~= sum then
    ngx.log(ngx.ERR, 'ballast: ', path, ' is damaged: nothing is known of servers\' health')
    return
  end
  local age = system.monotonic() - tonumber(time)
  if age >= 0 and age <= MAX_AGE then take(rows) end
end

return ailing
