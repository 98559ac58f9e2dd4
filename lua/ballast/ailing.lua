-- Ailing: unhealthy servers on disk, so that an upgrade in place and a restart know them.
--
-- In: the rows of health in shared memory. Out: the file `health` of stateDir: a checksum, the run
-- of the machine and the moment in it, and the probes whose servers are unhealthy. At a start:
-- these, if the file is whole, young, and of this run; probes confirm or clear them.
-- On failure: nothing is known of any server, as at a first start. The log says why.
--
-- Not a part of the snapshot: that is large, and what it holds stays true, which health does not.

local folder = require('ballast.folder')
local probed = require('ballast.probed')
local sync = require('ballast.sync')
local system = require('ballast.system')

local format, gmatch, match = string.format, string.gmatch, string.match

-- Written when health changed, at most each second; and now and then, to stay young.
local MAX_AGE, SPACING_SECONDS, REFRESH_SECONDS = 600, 1, 60

local ailing = {}

local path
-- Of what was written last; nil: whoever had this duty before may have written something else.
local number
local is_empty, written_at, looked_at = false, 0, 0
local complaint

function ailing.init(settings)
  path = settings.state_dir .. '/health'
end

-- The clock counts from the machine's start: moments of another run say nothing in this one.
local function this_run()
  return match(system.read_file('/proc/sys/kernel/random/boot_id') or '', '%S+') or '-'
end

local function list()
  local lines = {}
  for _, key in ipairs(probed.names()) do
    local unhealthy, since, why = probed.read(key)
    if unhealthy then lines[#lines + 1] = format('%.3f %s\t%s\n', since, key, why) end
  end
  return table.concat(lines)
end

local function write(text)
  local file, err = system.create(path .. '.new')
  if not file then return nil, err end
  local ok
  ok, err = system.write(file, sync.digest(text) .. '\n' .. text)
  if not ok then
    system.discard(file)
    return nil, err
  end
  return system.rename(file, path)
end

local function save(now)
  local current, rows = probed.number(), list()
  local ok, err = write(format('%s %.3f\n', this_run(), now) .. rows)
  if ok then number, is_empty, written_at = current, rows == '', now end
  if err and err ~= complaint then ngx.log(ngx.ERR, 'ballast: health: ', err) end
  complaint = err
end

-- By the worker that probes. Not brought to disk for certain: a loss of power starts another run.
-- Where another process holds the folder, that one writes, and the snapshot tells of it.
function ailing.save(is_active)
  local now = system.monotonic()
  if now - looked_at < SPACING_SECONDS then return end
  looked_at = now
  if number == probed.number() and (is_empty or now - written_at < REFRESH_SECONDS) then return end
  if is_active() and folder.hold() then save(now) end
end

-- At a start, before there are workers.
function ailing.load()
  local text, err, is_missing = system.read_file(path)
  if is_missing then return end
  local sum, body = match(text or '', '^(%x+)\n(.*)$')
  local run, time, rows = match(body or '', '^(%S+) (%S+)\n(.*)$')
  if not run or sync.digest(body) ~= sum then
    ngx.log(ngx.ERR, 'ballast: nothing is known of servers\' health: ',
      err or path .. ' is damaged')
    return
  end
  if run ~= this_run() or system.monotonic() - tonumber(time) > MAX_AGE then return end
  for since, key, why in gmatch(rows, '(%S+) ([^\n\t]+)\t([^\n]*)\n') do
    probed.restore(key, tonumber(since), why)
  end
end

return ailing
