-- Tally: what this worker counts for each server of an entry: requests, answers and their time,
-- failures, and which requests are under way.
--
-- In: the balancer phase, retries, the log phase. Out: the counts since they were last drained, and
-- how many requests are under way now.
-- On failure: a request whose end is not told (a log_by_lua of the user's own that does not call
-- ballast.log) counts as under way until nginx uses its memory for another request. A subrequest
-- has no log phase, and is not counted as under way.
--
-- Four cells a server. The lap says whether its entry is in `busy`: the entries that have counts to
-- be drained, or requests under way. An entry that another has replaced stays there until its last
-- request is over. So nobody ever walks through all entries.

local base = require('resty.core.base')
local ffi = require('ffi')

local cast, get_request = ffi.cast, base.get_request
local new_cells = ffi.typeof('uint32_t[?]')

local CELLS = 4
local REQUESTS, ANSWERS, MILLISECONDS, UNDERWAY = -3, -2, -1, 0

local tally = {}

local busy, failures = {}, {}
-- request -> entry and index
local entries, indexes = {}, {}
local on_end

-- By its address in nginx' memory, the same in both phases; cheaper than ngx.ctx by far.
local function this_request()
  return tonumber(cast('uintptr_t', get_request()))
end

-- For `n` servers, all at 0.
function tally.new(n)
  return new_cells(CELLS * n + 1)
end

local function note(entry)
  entry.lap.is_noted = 1
  busy[#busy + 1] = entry
end

function tally.count(entry, k)
  local counts, at = entry.counts, CELLS * k + REQUESTS
  counts[at] = counts[at] + 1
  if entry.lap.is_noted == 0 then note(entry) end
end

-- The same where only the lap is at hand, and its entry was noted.
function tally.count_noted(lap, k)
  local counts, at = lap.counts, CELLS * k + REQUESTS
  counts[at] = counts[at] + 1
end

function tally.failed(entry, k)
  local counts = failures[entry] or {}
  counts[k], failures[entry] = (counts[k] or 0) + 1, counts
  if entry.lap.is_noted == 0 then note(entry) end
end

function tally.answered(entry, k, milliseconds)
  local counts, at = entry.counts, CELLS * k
  counts[at + ANSWERS] = counts[at + ANSWERS] + 1
  counts[at + MILLISECONDS] = counts[at + MILLISECONDS] + milliseconds
  if entry.lap.is_noted == 0 then note(entry) end
end

-- ---- under way

-- Where the balance asks, the server's place has the number too: it outlives the entry.
local function add(entry, k, n)
  local counts, at, places = entry.counts, CELLS * k + UNDERWAY, entry.places
  counts[at] = counts[at] + n
  if places then places[k].count = places[k].count + n end
end

-- Also at a retry: what the request was counted at before is over.
function tally.begin(entry, k)
  local id = this_request()
  local before = entries[id]
  if before then add(before, indexes[id], -1) end
  if ngx.is_subrequest then
    entries[id] = nil
    return
  end
  entries[id], indexes[id] = entry, k
  add(entry, k, 1)
end

-- Where the request was sent last: an entry and an index, or nil.
function tally.last()
  local id = this_request()
  return entries[id], indexes[id]
end

function tally.finish()
  local id = this_request()
  local entry, k = entries[id], indexes[id]
  if not entry then return nil end
  entries[id] = nil
  add(entry, k, -1)
  return entry, k
end

-- ---- reading

local function is_under_way(entry)
  for k = 1, #entry.addresses do
    if entry.counts[CELLS * k + UNDERWAY] > 0 then return true end
  end
  return false
end

local function drain_entry(entry, visit)
  local counts, failed = entry.counts, failures[entry]
  failures[entry] = nil
  for k = 1, #entry.addresses do
    local at, failed_k = CELLS * k, failed and failed[k] or 0
    local requests, answers = counts[at + REQUESTS], counts[at + ANSWERS]
    if requests + answers + failed_k > 0 then
      visit(entry.app .. ' ' .. entry.addresses[k], requests, failed_k, answers,
        counts[at + MILLISECONDS])
      counts[at + REQUESTS], counts[at + ANSWERS], counts[at + MILLISECONDS] = 0, 0, 0
    end
  end
end

-- Calls `visit(name, requests, failures, answers, milliseconds)` for each server that has some,
-- and sets these to 0; `name` is the app, a space, the address. `rest` (pace) stands between
-- entries: others may be noted there meanwhile, or drained. Backwards, so that what takes the place
-- of one that leaves was drained before, or noted since.
function tally.drain(visit, rest)
  for i = #busy, 1, -1 do
    local entry = busy[i]
    if entry then
      drain_entry(entry, visit)
      if not is_under_way(entry) then
        entry.lap.is_noted = 0
        busy[i] = busy[#busy]
        busy[#busy] = nil
      end
      if rest then rest() end
    end
  end
end

-- Calls `visit(name, n)` for each server with requests under way.
function tally.each_under_way(visit)
  for i = 1, #busy do
    local entry = busy[i]
    for k = 1, #entry.addresses do
      local n = entry.counts[CELLS * k + UNDERWAY]
      if n > 0 then visit(entry.app .. ' ' .. entry.addresses[k], n) end
    end
  end
end

-- A worker that ends has no timers any more: from now on each request's end is told at once.
function tally.watch(call)
  on_end = call
end

function tally.ended()
  if on_end then on_end() end
end

return tally
