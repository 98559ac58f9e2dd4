-- Rows: what is counted for each server of each app, in shared memory; one session in one worker
-- (follower) lets go of those of servers that no document names any more.
--
-- In: counts of a name (the app, a space, the address). Out: the sums, row by row. A row that
-- nobody counted in, and no document named, at two looks in a row, is gone; counted again, it
-- begins at 0.
-- On failure: a row that finds no room is counted in one for all such, which is there from the
-- start. So the shared memory is the bound, and nothing that has a row is ever evicted.
--
-- Rows are numbered (`n SLOT` -> name), so that they are read one by one: listing all keys of that
-- memory would stop every worker for as long, and there may be 100,000 rows.

local document = require('ballast.document')
local names = require('ballast.names')
local pace = require('ballast.pace')
local state = require('ballast.state')

local match = string.match
local add, counted, begin_count = state.add, state.counted, state.begin_count

local LOOK_SECONDS = 600
-- Requests, failures, answers, seconds. A row has the first; the others from their first count on.
local KINDS = { 'r', 'f', 'a', 's' }
local OTHER = '_other _other'

local rows = {}

-- name -> its count at the last look, where no document named it
local missed = {}

-- At the start, when there is room.
function rows.init()
  for _, kind in ipairs(KINDS) do begin_count(kind .. ' ' .. OTHER, 0) end
  begin_count('rows', 0)
end

-- ---- counting

-- A number that no row has, for this one. Several workers may look for one at a time.
local function take_slot(name)
  local free = state.take_slot()
  local slot = free or (counted('rows') or 0) + 1
  local ok, err = begin_count('n ' .. slot, name)
  while err == 'exists' do
    slot = slot + 1
    ok, err = begin_count('n ' .. slot, name)
  end
  if free and not ok then state.give_slot(free) end
  -- Another may have raised it at the same time: one slot too many is looked at, and empty.
  while ok and counted('rows') < slot do add('rows', 1) end
  return ok, err
end

local function begin_row(name)
  local ok, err = begin_count('r ' .. name, 0)
  if not ok then return err == 'exists', err end
  ok, err = take_slot(name)
  if not ok then state.end_count('r ' .. name) end
  return ok, err
end

-- Returns false and an error where the row has no room; it is counted all the same.
local function count(name, requests)
  if add('r ' .. name, requests) then return true end
  local ok, err = begin_row(name)
  if ok and add('r ' .. name, requests) then return true end
  add('r ' .. OTHER, requests)
  return false, err
end

local function count_more(kind, name, n)
  if n == 0 then return end
  local key = kind .. ' ' .. name
  if add(key, n) or (begin_count(key, 0) and add(key, n)) then return end
  add(kind .. ' ' .. OTHER, n)
end

-- Returns an error where the server has no row of its own.
function rows.add(name, requests, failures, answers, milliseconds)
  local ok, err = count(name, requests)
  if not ok then name = OTHER end
  count_more('f', name, failures)
  count_more('a', name, answers)
  count_more('s', name, milliseconds / 1000)
  return not ok and err or nil
end

-- ---- reading

local function read(name)
  return counted('r ' .. name), counted('f ' .. name) or 0, counted('a ' .. name) or 0,
    counted('s ' .. name) or 0
end

-- Calls `visit(name, requests, failures, answers, seconds)` for each row; `rest`: see pace.
function rows.each(visit, rest)
  for slot = 1, counted('rows') or 0 do
    local name = counted('n ' .. slot)
    local requests, failures, answers, seconds
    if name then requests, failures, answers, seconds = read(name) end
    if requests then visit(name, requests, failures, answers, seconds) end
    rest()
  end
end

-- What the servers without a row have together.
function rows.other()
  local requests, failures, answers, seconds = read(OTHER)
  return { requests = requests or 0, failures = failures, answers = answers, seconds = seconds }
end

-- ---- letting go

local function addresses_of(app)
  local held = not names.is_reserved(app) and state.held(app)
  return held and document.has_body(held) and document.address_set(held, document.BODY) or {}
end

local function remove(slot, name)
  for _, kind in ipairs(KINDS) do state.end_count(kind .. ' ' .. name) end
  state.end_count('n ' .. slot)
  state.give_slot(slot)
end

-- `rest`: see pace. Where documents change meanwhile, the next look sees it.
function rows.look(rest)
  local before, now, by_app = missed, {}, {}
  for slot = 1, counted('rows') or 0 do
    local name = counted('n ' .. slot)
    local app, address = match(name or '', '^(%S+) (%S+)$')
    if app then
      by_app[app] = by_app[app] or addresses_of(app)
      local n = not by_app[app][address] and counted('r ' .. name)
      if n and before[name] == n then
        remove(slot, name)
      elseif n then
        now[name] = n
      end
    end
    rest()
  end
  missed = now
end

-- Returns the seconds to wait before the next session.
function rows.session()
  rows.look(pace.start(pace.BACKGROUND))
  return LOOK_SECONDS
end

return rows
