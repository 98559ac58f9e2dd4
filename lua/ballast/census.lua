-- Census: all workers are asked for what only they know: the requests under way, the servers that
-- they left alone, and their counts up to that moment.
--
-- In: a question (a shared number that moves). Out: each living worker's answer, given after the
-- question was put. So of a server that every worker holds at weight 0, and that no answer names,
-- no request is under way. On failure: a worker that does not answer in time makes the result
-- incomplete, which is told; what it answered before stands.
--
-- Answers come with the workers' tick. A worker that ends (reload) has no timers any more: it
-- answers at each of its requests' ends instead, so its answer is always the present one. It names
-- no server left alone: it takes no new request, and could not take the word back. A killed
-- worker's answer goes with it.

local health = require('ballast.health')
local json = require('ballast.json')
local pace = require('ballast.pace')
local rows = require('ballast.rows')
local state = require('ballast.state')
local stats = require('ballast.stats')
local system = require('ballast.system')
local tally = require('ballast.tally')

local concat, format, gmatch, match = table.concat, string.format, string.gmatch, string.match

local WAIT_SECONDS, LOOK_SECONDS = 1, 0.01
-- Stands for an answer that has no room.
local NO_ROOM = '!'

local census = {}

local answered, is_ending = 0, false

local function answer(question)
  stats.flush()
  local lines = { is_ending and 'ending' or format('%d', question) }
  tally.each_under_way(function(name, n) lines[#lines + 1] = format('%s %d', name, n) end)
  if not is_ending then
    health.each_marked(function(address, since)
      lines[#lines + 1] = format('- %s %.3f', address, since)
    end)
  end
  local key = 'c:' .. ngx.worker.pid()
  if not state.set_row(key, concat(lines, '\n')) then
    state.set(key, lines[1] .. '\n' .. NO_ROOM)
  end
  answered = question
end

local is_busy = false

-- By each worker's timer. Most counts are brought over first, in slices, between which a tick may
-- begin.
function census.tick()
  if is_busy or (state.get('question') or 0) == answered then return end
  is_busy = true
  stats.flush(pace.start())
  is_busy = false
  if not is_ending then answer(state.get('question')) end
end

-- The worker is told to end.
function census.stop()
  if is_ending then return end
  is_ending = true
  answer(answered)
  tally.watch(function() answer(answered) end)
end

local function read(text, question, list)
  local head, body = match(text or '', '^(%w+)\n?(.*)$')
  if not head then return false end
  for app, address, n in gmatch(body, '(%S+) (%S+) ([%d.]+)') do
    list[#list + 1] = { app = app, address = address, n = tonumber(n) }
  end
  return body ~= NO_ROOM and (head == 'ending' or tonumber(head) >= question)
end

-- A worker that dies meanwhile takes its requests with it.
local function collect(workers, question)
  local list, complete = {}, true
  for _, worker in ipairs(workers) do
    if system.is_alive(worker.pid) then
      complete = read(state.get('c:' .. worker.pid), question, list) and complete
    end
  end
  return list, complete
end

-- Yields. Returns `{app, address, n}` for each worker and server with requests under way, and where
-- `app` is "-" for each that it left alone since the moment `n`; and whether all have answered.
function census.take()
  local question = state.count('question')
  local till = system.monotonic() + WAIT_SECONDS
  stats.flush(pace.start())
  answer(question)
  -- One that comes later has only requests that began later.
  local workers = state.workers()
  local list, complete = collect(workers, question)
  while not complete and system.monotonic() < till do
    ngx.sleep(LOOK_SECONDS)
    list, complete = collect(workers, question)
  end
  return list, complete
end

local function is_mark(row)
  return row.app == '-'
end

-- Of a census: the servers that workers left alone, by address; since when, and how many did.
function census.marked(list)
  local by_address, marks = {}, json.list()
  for _, row in ipairs(list) do
    if is_mark(row) then
      local mark = by_address[row.address]
      if not mark then
        mark = { address = row.address, workers = 0, since = row.n }
        by_address[row.address], marks[#marks + 1] = mark, mark
      end
      mark.workers, mark.since = mark.workers + 1, math.min(mark.since, row.n)
    end
  end
  table.sort(marks, function(a, b) return a.address < b.address end)
  return marks
end

-- Of a census: the requests under way over all workers, by name: the app, a space, the address.
local function under_way(list)
  local by_name = {}
  for _, row in ipairs(list) do
    if not is_mark(row) then
      local name = row.app .. ' ' .. row.address
      by_name[name] = (by_name[name] or 0) + row.n
    end
  end
  return by_name
end

-- The statistics with what a census found: calls `visit(name, requests, failures, answers, seconds,
-- under_way)` for each server that has any; the last is nil where nobody counts it. `rest`: see
-- pace.
function census.each_count(list, with_under_way, visit, rest)
  local left = with_under_way and under_way(list)
  rows.each(function(name, requests, failures, answers, seconds)
    visit(name, requests, failures, answers, seconds, left and (left[name] or 0))
    if left then left[name] = nil end
  end, rest)
  for name, n in pairs(left or {}) do visit(name, 0, 0, 0, 0, n) end
end

return census
