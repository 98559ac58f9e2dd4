-- Snapshot: what this edge holds, on disk, so that a start needs neither Redis nor controller.
--
-- In: the shared state. Out: two files in stateDir, `snapshot-a` and `snapshot-b`: documents with
-- stamps and owners, tombstones, mark, highest term, refused list. At a start: the newest that is
-- whole, before the first request.
-- On failure: a damaged file is passed over for the other, then for nothing; the reason stands in
-- the log and in the state. A write that fails leaves both files as they were.
--
-- The older file is always the one written over, aside and then renamed. `saved` (R10) is the mark
-- of the older one: a restart may have to use it. So when things are quiet both are written. A file
-- that lists a refusal which was settled since is not saved, whatever its mark.
-- The first chunk carries the header; every chunk's checksum covers the one before it.

local document = require('ballast.document')
local durable = require('ballast.durable')
local folder = require('ballast.folder')
local json = require('ballast.json')
local lock = require('ballast.lock')
local pace = require('ballast.pace')
local refusals = require('ballast.refusals')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')

local format, sub, find = string.format, string.sub, string.find
local max = math.max

local FORMAT = 2
local CHUNK = 50
local LOOK_SECONDS = 0.05
-- Changes are gathered for this long; and writing takes at most a tenth of the worker's time.
local GATHER_SECONDS, REST = 0.2, 10
local SESSION_SECONDS = 60
local RETRY_SECONDS = 2
-- How long another process may hold the lock before that is told.
local HELD_SECONDS = 5

local snapshot = {}

local settings
local not_before, held_until = 0, 0

function snapshot.init(config)
  settings = config
end

local function path(generation)
  return settings.state_dir .. '/snapshot-' .. generation
end

-- ---- writing

local function header(sequence, mark)
  return json.encode({
    format = FORMAT,
    environment = settings.environment,
    sequence = sequence,
    mark = mark or json.null,
    highest = state.get('highest') or 0,
    refused = json.list(refusals.list()),
  }) .. '\n'
end

local function write_chunk(file, data, previous)
  local sum = sync.digest(previous .. data)
  local ok, err = system.write(file, format('chunk %d %s\n', #data, sum) .. data)
  if not ok then return nil, err end
  return sum
end

-- Documents change while they are written, a chunk at a time: each is read at a moment after the
-- mark was, so what a restart finds is never older than its mark.
local function write_all(file, sequence, mark)
  local sum, err = write_chunk(file, header(sequence, mark), '')
  local apps, rest = state.apps(), pace.start(pace.BACKGROUND)
  for from = 1, #apps, CHUNK do
    if not sum then return nil, err end
    local parts = {}
    for i = from, math.min(from + CHUNK - 1, #apps) do
      local value = state.held(apps[i])
      parts[#parts + 1] = apps[i] .. ' ' .. #value .. '\n' .. value .. '\n'
    end
    sum, err = write_chunk(file, table.concat(parts), sum)
    rest()
  end
  if not sum then return nil, err end
  return system.write(file, 'end ' .. sum .. '\n')
end

local function older_generation()
  return (state.get('sequence_a') or 0) <= (state.get('sequence_b') or 0) and 'a' or 'b'
end

local function note_saved()
  local a, b = state.read_mark('saved_a'), state.read_mark('saved_b')
  local saved = a and b and (document.compare(a, b) < 0 and a or b) or nil
  if document.compare(saved, state.read_mark('saved')) == 0 then return end
  state.write_mark('saved', saved)
  state.count('news')
end

-- fsync, rename, fsync of the folder: after a power cut the name holds the old file or the new one.
local function finish(file, generation)
  local ok, err = durable.sync(file.fd)
  if not ok then
    system.discard(file)
    return nil, file.path .. ': ' .. err
  end
  ok, err = system.rename(file, path(generation))
  if not ok then return nil, err end
  local fd
  fd, err = system.open_folder(settings.state_dir)
  if not fd then return nil, err end
  ok, err = durable.sync(fd)
  system.close(fd)
  return ok, err
end

-- Under the lock, so that no refusal is settled between the look and the mark.
local function note_written(generation, mark, settled)
  if state.get('settled') == settled then state.write_mark('saved_' .. generation, mark) end
  note_saved()
end

local function write_generation(generation)
  local settled = state.get('settled')
  local change, mark = state.get('change'), state.read_mark('mark')
  local sequence = max(state.get('sequence_a') or 0, state.get('sequence_b') or 0) + 1
  local file, err = system.create(path(generation) .. '.new')
  if not file then return nil, err end
  local ok
  ok, err = write_all(file, sequence, mark)
  if not ok then
    system.discard(file)
    return nil, err
  end
  ok, err = finish(file, generation)
  if not ok then return nil, err end
  state.set('sequence_' .. generation, sequence)
  state.set('written_' .. generation, change)
  lock.exclusively('apply', note_written, generation, mark, settled)
  return true
end

local function report(err)
  if state.get('unsaved') == err then return end
  if err then ngx.log(ngx.ERR, 'ballast: snapshot: ', err) end
  state.set('unsaved', err)
  state.count('news')
end

-- The change of the last look, and since when each look has seen another.
local seen, moving_since

-- While a full sync comes in, writing everything would take half as much time again from it.
local function is_moving(change, now)
  if change == seen then
    moving_since = nil
    return false
  end
  seen, moving_since = change, moving_since or now
  return now - moving_since < GATHER_SECONDS
end

-- Writes what is due. Returns nil and an error where it could not.
local function save()
  local generation = older_generation()
  local newer = generation == 'a' and 'b' or 'a'
  local change, now = state.get('change'), system.monotonic()
  if state.get('written_' .. generation) == change or is_moving(change, now) then return true end
  -- The second of a pair follows the first at once; the first waits for company.
  if state.get('written_' .. newer) ~= change and now < not_before then return true end
  -- In a reload another process holds it for a moment, which is no error.
  local ok, err, is_held = folder.hold()
  if is_held and now < held_until then return true end
  if ok then
    held_until = now + HELD_SECONDS
    ok, err = write_generation(generation)
  end
  local finished = system.monotonic()
  not_before = finished + max(GATHER_SECONDS, REST * (finished - now))
  report(not ok and err or nil)
  return ok
end

-- Returns the seconds to wait before the next session.
function snapshot.session(is_active)
  local started, ok = system.monotonic(), true
  held_until = started + HELD_SECONDS
  while ok and is_active() and system.monotonic() - started < SESSION_SECONDS do
    ok = save()
    if ok then ngx.sleep(LOOK_SECONDS) end
  end
  return ok and 0 or RETRY_SECONDS
end

function snapshot.stop()
  folder.give_back()
end

-- ---- reading

local function read_documents(data, list)
  local at = 1
  while at <= #data do
    local _, stop, app, length = find(data, '^(%S+) (%d+)\n', at)
    if not stop then return nil, 'a document is damaged' end
    local value = sub(data, stop + 1, stop + tonumber(length))
    if #value < document.STAMP_BYTES then return nil, 'the stamp of "' .. app .. '" is damaged' end
    list[#list + 1] = { app = app, value = value }
    at = stop + tonumber(length) + 2
  end
  return true
end

local function read_header(text)
  local content, err = json.decode(text)
  if content == nil then return nil, err end
  if content.format ~= FORMAT then
    return nil, 'format ' .. tostring(content.format) .. ' is unknown'
  end
  if content.environment ~= settings.environment then
    return nil, 'it belongs to environment "' .. tostring(content.environment) .. '"'
  end
  if content.mark == json.null then content.mark = nil end
  content.documents = {}
  return content
end

local function read_content(text)
  local at, sum, content = 1, '', nil
  while true do
    local _, stop, length, want = find(text, '^chunk (%d+) (%x+)\n', at)
    if not stop then break end
    local data = sub(text, stop + 1, stop + tonumber(length))
    sum = sync.digest(sum .. data)
    if #data ~= tonumber(length) or sum ~= want then return nil, 'the checksum does not fit' end
    local ok, err
    if not content then
      content, err = read_header(data)
      ok = content
    else
      ok, err = read_documents(data, content.documents)
    end
    if not ok then return nil, err end
    at = stop + tonumber(length) + 1
  end
  if not content or sub(text, at) ~= 'end ' .. sum .. '\n' then return nil, 'it is cut off' end
  return content
end

local function read_generation(generation)
  local text, err, is_missing = system.read_file(path(generation))
  if not text then return nil, not is_missing and err or nil end
  local content
  content, err = read_content(text)
  if not content then return nil, path(generation) .. ': ' .. err end
  state.set('sequence_' .. generation, content.sequence)
  state.write_mark('saved_' .. generation, content.mark)
  return content
end

-- At a start. Both files are written anew soon after, so that both are whole again.
function snapshot.load()
  local a, why_a = read_generation('a')
  local b, why_b = read_generation('b')
  local damage = why_a or why_b
  if damage then
    ngx.log(ngx.ERR, 'ballast: snapshot: ', damage, a and '; the other one is used'
      or b and '; the other one is used' or '; nothing is left to start from')
    state.set('damaged', damage)
  end
  local content = a
  if b and (not a or b.sequence > a.sequence) then content = b end
  if not content then return end
  sync.restore(content)
  note_saved()
end

-- In a worker, with its user's rights.
function snapshot.check_folder()
  local probe = settings.state_dir .. '/probe-' .. ngx.worker.pid()
  local file, err = io.open(probe, 'w')
  if file then
    file:close()
    os.remove(probe)
    return
  end
  ngx.log(ngx.ERR, 'ballast: stateDir ', settings.state_dir, ' must be writable by the user that ',
    'nginx\' workers run as (see nginx\' directive `user`): ', err)
end

return snapshot
