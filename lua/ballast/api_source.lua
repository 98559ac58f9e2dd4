-- The controller as the source of documents, for an edge that may not reach Redis. What a source
-- does: redis_source.
--
-- In: the answers of /api/v1/documents. Out: the same as Redis would give. On failure: nil and a
-- message; the next session asks the next controller of the list, so that the leader is found.
--
-- Only a controller that has a term answers, and only with what was committed before the answer:
-- its term stands for the `leader` key. A controller that was left behind is told from the others
-- by its lower term.

local document = require('ballast.document')
local http = require('ballast.http')
local json = require('ballast.json')
local state = require('ballast.state')

local format = string.format

local WAIT_SECONDS, PAUSE_SECONDS = 30, 1
local PAGE = 500
local DOCUMENTS = '/api/v1/documents'

local api_source = { name = 'api', batch = 100 }

local settings
-- Poll and heartbeat each find their own way.
local preferred = { poll = 1, heartbeat = 1 }

function api_source.init(config)
  settings = config
end

function api_source.open(purpose, is_active)
  local places = settings.api.places
  local at = (preferred[purpose] - 1) % #places + 1
  return { connection = http.connect(places[at]), purpose = purpose, is_active = is_active }
end

function api_source.close(session, ok)
  if ok then return http.release(session.connection) end
  http.close(session.connection)
  preferred[session.purpose] = preferred[session.purpose] + 1
end

-- ---- one call

local function explain(answer)
  local problem = json.decode(answer.body)
  local detail = json.is_object(problem) and (problem.detail or problem.code)
  return format('%d%s', answer.status, type(detail) == 'string' and ' ' .. detail or '')
end

local function call(session, request, is_active)
  request.token = settings.api.token
  local place = session.connection.place
  local answer, err = http.request(session.connection, request, is_active or session.is_active)
  if not answer then return nil, place.name .. ':' .. place.port .. ': ' .. err end
  if answer.status ~= 200 and answer.status ~= 204 then
    return nil, place.name .. ':' .. place.port .. ': ' .. explain(answer)
  end
  return answer
end

-- An answer about documents: an object with the stamp of its moment.
local function get(session, path, seconds)
  local answer, err = call(session, { method = 'GET', path = path, seconds = seconds })
  if not answer then return nil, err end
  local value
  value, err = json.decode(answer.body)
  if value == nil then return nil, path .. ': ' .. err end
  if not (json.is_object(value) and document.is_count(value.term)
    and document.is_count(value.version)) then
    return nil, path .. ': term and version expected'
  end
  if value.term < (state.get('highest') or 0) then
    return nil, 'its term lies below the highest seen'
  end
  return value
end

local function check_documents(list)
  if not json.is_array(list) then return nil, 'documents: an array expected' end
  for i, doc in ipairs(list) do
    if not json.is_object(doc) or type(doc.app) ~= 'string' or doc.app == '' then
      return nil, 'documents[' .. (i - 1) .. '].app: a name expected'
    end
    if doc.deleted ~= true then doc.deleted = nil end
  end
  return list
end

local function list_names(names)
  local escaped = {}
  for i, name in ipairs(names) do escaped[i] = http.escape(name) end
  return table.concat(escaped, ',')
end

-- ---- looking

local function pause(is_active)
  for _ = 1, 10 * PAUSE_SECONDS do
    if not is_active() then return end
    ngx.sleep(0.1)
  end
end

-- `rest`: 'long' where all is well, then the controller answers at its next commit; 'short' where
-- something is to be tried again.
function api_source.look(session, rest)
  if rest == 'short' then pause(session.is_active) end
  local mark = state.read_mark('mark')
  local wait = mark and rest == 'long' and WAIT_SECONDS or 0
  local path = DOCUMENTS
  if mark then path = format('%s?since=%.0f-%.0f', DOCUMENTS, mark.term, mark.version) end
  if wait > 0 then path = path .. '&wait=' .. wait .. 's' end
  local answer, err = get(session, path, wait)
  if not answer then return nil, err end
  local seen = { term = answer.term, version = answer.version, mark = mark,
    compare = answer.compare == true }
  if not seen.compare then
    seen.documents, err = check_documents(answer.documents)
    if not seen.documents then return nil, err end
  end
  return seen
end

function api_source.moment(session)
  return get(session, DOCUMENTS)
end

-- ---- the manifest and bodies

local function add_lines(answer, lines)
  if not json.is_object(answer.manifest) then return nil, 'manifest: an object expected' end
  for app, text in pairs(answer.manifest) do
    lines[app] = type(text) == 'string' and document.read_line(text) or nil
  end
  return lines
end

-- By pages, for the same reason as HSCAN.
function api_source.lines(session)
  local lines, after = {}, nil
  repeat
    local answer, err = get(session, format('%s/manifest?limit=%d%s', DOCUMENTS, PAGE,
      after and '&after=' .. http.escape(after) or ''))
    if answer then answer, err = answer, select(2, add_lines(answer, lines)) end
    if not answer or err then return nil, err end
    local before = after
    after = answer.continue
    if after ~= nil and (type(after) ~= 'string' or (before and after <= before)) then
      return nil, 'continue: a later name expected'
    end
  until after == nil
  return lines
end

function api_source.lines_of(session, names)
  local answer, err = get(session, DOCUMENTS .. '/manifest?apps=' .. list_names(names))
  if not answer then return nil, err end
  return add_lines(answer, {})
end

function api_source.read(session, names)
  local answer, err = get(session, DOCUMENTS .. '?apps=' .. list_names(names))
  if not answer then return nil, err end
  local list
  list, err = check_documents(answer.documents)
  if not list then return nil, err end
  return answer.term, list
end

function api_source.beat(session, text)
  return call(session, { method = 'POST', body = text,
    path = '/api/v1/edges/' .. http.escape(settings.name) .. '/heartbeat' })
end

return api_source
