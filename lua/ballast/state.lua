-- What all workers share. The only file that touches ngx.shared.
--
-- In: documents, marks, counters from any worker. Out: the same, in every worker, at once.
-- On failure: `full` where the memory has no room; nothing held is ever evicted or lost by it.
--
-- Three dicts, so that neither documents nor statistics can crowd out the marks:
--   ballast        d:APP  a document: stamp (document.pack_stamp), packed body (nothing: deleted)
--                  h:HOST the app that serves a host    x:HOST  apps whose claim on it was left out
--   ballast_edge   marks, counters, refused documents, workers, their answers (census), locks
--                  p:KEY a server's health (probed)    s:APP when servers came (newcomers)
--   ballast_stats  requests, failures, answers, seconds, and whose they are (rows)
-- They survive a reload, not a restart (the snapshot is for that).
--
-- Counters, never clocks: `counter` moves after every stored document and is what each request
-- reads; `news` moves with what a heartbeat says, `change` with what a snapshot holds.

local document = require('ballast.document')
local names = require('ballast.names')
local pace = require('ballast.pace')
local system = require('ballast.system')

local byte, match, format, sub = string.byte, string.match, string.format, string.sub

local FULL, PAGE = 'no memory', 4096
-- Of what the memory holds. A reload brings another program to the same memory.
local FORMAT = 3
local INSTEAD = 'restart nginx, or upgrade it in place, instead of reloading it'

local state = {}

local documents, edge, statistics

function state.init()
  documents, edge, statistics =
    ngx.shared.ballast, ngx.shared.ballast_edge, ngx.shared.ballast_stats
  if not (documents and edge and statistics) then
    return nil, 'lua_shared_dict ballast, ballast_edge and ballast_stats are needed'
  end
  local id = edge:get('start')
  if id and edge:get('format') ~= FORMAT then
    return nil, 'another version of Ballast has filled the shared memory: ' .. INSTEAD
  end
  -- A reload keeps a memory unless its size is another: what it held would be missing.
  if documents:get('start') ~= id or statistics:get('start') ~= id then
    return nil, 'the size of a lua_shared_dict of Ballast has changed: ' .. INSTEAD
  end
  return true
end

-- True once per life of the shared memory: at a start, not at a reload.
function state.is_fresh()
  return edge:get('start') == nil
end

function state.begin(id)
  for name, value in pairs({ start = id, format = FORMAT, counter = 1, serial = 1, hosts = 1,
    documents = 0, apps = 0, beat = 0, news = 1, change = 1, health = 0, refused = 0 }) do
    edge:set(name, value)
  end
  documents:set('start', id)
  statistics:set('start', id)
end

-- Sorted; `rest` may stand between the steps, which take milliseconds where there are 10,000 apps.
local function keys_with(dict, prefix, rest)
  local keys, rests, n = dict:get_keys(0), {}, 0
  local first, second = byte(prefix, 1, 2)
  for i = 1, #keys do
    local a, b = byte(keys[i], 1, 2)
    if a == first and b == second then
      n = n + 1
      rests[n] = sub(keys[i], 3)
    end
  end
  if rest then rest() end
  table.sort(rests)
  return rests
end

function state.get(name)
  return edge:get(name)
end

-- For names of bounded number, for which there is always room.
function state.set(name, value)
  return edge:safe_set(name, value)
end

-- For rows of which there may be any number: they leave the last eighth of that memory, and a page,
-- alone. Without room for a lock nothing could be applied any more. What is there may change.
function state.set_row(name, value)
  local left = edge:free_space() - #value - PAGE
  if left < edge:capacity() / 8 and edge:get(name) == nil then return nil, FULL end
  return edge:safe_set(name, value)
end

-- What stands behind the prefix in the names that have it.
function state.names(prefix)
  return keys_with(edge, prefix)
end

-- False where it is there already. Nothing ever goes by a time: nginx takes that from a clock that
-- may step.
function state.add_new(name, value)
  return edge:safe_add(name, value)
end

function state.count(name, n)
  return edge:incr(name, n or 1, 0)
end

-- ---- documents

-- Asked for twice where a document is applied, one right after the other.
local last_app, last_key
local function key_of(app)
  if app ~= last_app then last_app, last_key = app, 'd:' .. app end
  return last_key
end

-- As it lies in memory, and the serial number of this storing.
function state.held(app)
  local value, serial = documents:get(key_of(app))
  return value, serial or 0
end

-- Returns the stamp, the packed body (nil: deleted), and the serial number.
function state.read(app)
  local value, serial = documents:get('d:' .. app)
  if not value then return nil end
  return document.read_stamp(value), document.body(value), serial or 0
end

-- The serial alone says whether a worker's picker is still the present one.
function state.serial(app)
  local value, serial = documents:get('d:' .. app)
  return value and (serial or 0)
end

-- Or never there.
function state.is_deleted(app)
  local value = documents:get('d:' .. app)
  return not value or #value <= document.STAMP_BYTES
end

function state.stamp(app)
  local value = documents:get('d:' .. app)
  return value and document.read_stamp(value)
end

-- A refused safe_set of a longer value has already deleted the old one. So the new value is first
-- stored under a key of its own: where that fits, it fits again in its place. Callers hold the
-- lock `apply`, so no other worker takes the room in between.
-- In a memory that is wholly full even a tombstone fails this trial; a shorter value may then use
-- its old one's room, which is given back to the old one where that is not enough.
local function replace(key, value, flags, old, old_flags)
  if old and #old ~= #value then
    local ok, err = documents:safe_set('n:', value)
    documents:delete('n:')
    if not ok and #value > #old then return nil, err end
  end
  local ok, err = documents:safe_set(key, value, 0, flags)
  if not ok and old then documents:safe_set(key, old, 0, old_flags) end
  return ok, err
end

-- `value`: stamp and packed body. `before`, `number`: what is held, read under the same lock.
function state.store(app, value, before, number)
  local serial = edge:incr('serial', 1) % 0x100000000
  local ok, err = replace(key_of(app), value, serial, before, number)
  if not ok then return nil, err == FULL and 'full' or err end
  if not before then edge:incr('apps', 1) end
  if not names.is_reserved(app) then
    local had, has = before ~= nil and document.has_body(before), document.has_body(value)
    if had ~= has then edge:incr('documents', has and 1 or -1) end
  end
  return true
end

-- Names are never dropped (a deleted app leaves its tombstone), so the list stands until there are
-- more. Not to be changed.
local listed, listed_at

function state.apps()
  local number = edge:get('apps')
  if number == listed_at then return listed end
  listed, listed_at = keys_with(documents, 'd:', pace.start(pace.BACKGROUND)), number
  return listed
end

-- ---- hosts

function state.host(host)
  return documents:get('h:' .. host)
end

function state.set_host(host, app)
  if not app then return documents:delete('h:' .. host) end
  local key = 'h:' .. host
  return replace(key, app, 0, documents:get(key))
end

function state.claims(host)
  return documents:get('x:' .. host)
end

function state.set_claims(host, apps)
  local key = 'x:' .. host
  local had = documents:get(key)
  if apps == '' then
    if had then edge:incr('contested', -1) end
    return documents:delete(key)
  end
  local ok, err = replace(key, apps, 0, had)
  if ok and not had then edge:incr('contested', 1, 0) end
  return ok, err
end

-- Walking through all keys takes milliseconds, and mostly there are none of these.
function state.contested()
  if (edge:get('contested') or 0) == 0 then return {} end
  return keys_with(documents, 'x:')
end

-- ---- marks

function state.read_mark(name)
  local value = edge:get(name)
  local term, version = match(value or '', '^(%d+) (%d+)$')
  return term and { term = tonumber(term), version = tonumber(version) } or nil
end

function state.write_mark(name, stamp)
  return edge:safe_set(name, stamp and format('%.0f %.0f', stamp.term, stamp.version) or '')
end

-- ---- workers

function state.write_worker(pid, mark)
  return edge:safe_set('w:' .. pid, mark or '')
end

function state.forget_worker(pid)
  edge:delete('w:' .. pid)
  edge:delete('c:' .. pid)
end

function state.workers()
  local list = {}
  for _, pid in ipairs(keys_with(edge, 'w:')) do
    if system.is_alive(tonumber(pid)) then
      list[#list + 1] = { pid = tonumber(pid), mark = state.read_mark('w:' .. pid) }
    else
      state.forget_worker(pid)
    end
  end
  return list
end

-- ---- statistics

-- Never by an incr that may evict: a counter that vanished would look like a restart. Returns nil
-- where the key is not there.
function state.add(key, n)
  return statistics:incr(key, n)
end

function state.counted(key)
  return statistics:get(key)
end

-- Returns nil and `exists`, or an error, where it cannot be.
function state.begin_count(key, value)
  return statistics:safe_add(key, value)
end

function state.end_count(key)
  statistics:delete(key)
end

-- Slots (rows) that are free again.
function state.take_slot()
  return statistics:lpop('free')
end

function state.give_slot(slot)
  return statistics:lpush('free', slot)
end

-- name -> `{free, capacity}`, in bytes; free in whole pages.
function state.memory()
  local result = {}
  local dicts = { ballast = documents, ballast_edge = edge, ballast_stats = statistics }
  for name, dict in pairs(dicts) do
    result[name] = { free = dict:free_space(), capacity = dict:capacity() }
  end
  return result
end

return state
