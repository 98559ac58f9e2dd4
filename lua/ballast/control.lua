-- Control: the edge's endpoint, on its own listener (test/contract/README.md).
--
-- In: HTTP requests. Out: JSON; /metrics is text. On failure: `{"code", "detail"}`, and nothing
-- changed: bodies are checked whole before anything is applied.

local access = require('ballast.access')
local body = require('ballast.body')
local census = require('ballast.census')
local commit = require('ballast.commit')
local document = require('ballast.document')
local json = require('ballast.json')
local lists = require('ballast.lists')
local listeners = require('ballast.listeners')
local names = require('ballast.names')
local metrics = require('ballast.metrics')
local pace = require('ballast.pace')
local report = require('ballast.report')
local rows = require('ballast.rows')
local span = require('ballast.span')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')
local turn = require('ballast.turn')

local match = string.match

local STATUS = { bad = 400, full = 507, ['host-taken'] = 409, ['nothing-to-delete'] = 404,
  ['no-leader'] = 503, ['owned-by-controller'] = 409, ['redis-changed'] = 503,
  ['redis-unavailable'] = 503, ['term-over'] = 409 }
-- A name longer than this is no mistake in a document, but in the call.
local MAX_NAME = 253
-- Bytes of one upstream: 20,000 servers need no more.
local MAX_UPSTREAM = 4 * 1024 * 1024

local control = {}

local statistics

function control.init(config)
  statistics = config.statistics
end

local function send(status, text)
  ngx.status = status
  ngx.header['Content-Type'] = 'application/json'
  ngx.header['Content-Length'] = #text
  ngx.print(text)
end

local function answer(status, value)
  send(status, json.encode(value))
end

local function refuse(status, code, detail)
  answer(status, { code = code, detail = detail or code })
end

local function bad(detail)
  refuse(400, 'bad', detail)
end

-- A stamp, or null. Returns the stamp or nil, and whether it is one of both.
local function read_stamp(value)
  if value == nil or value == json.null then return nil, true end
  if not json.is_object(value) then return nil, false end
  return value, document.is_count(value.term) and document.is_count(value.version)
end

local function term_over(term, highest)
  if term > highest then
    return answer(409, { code = 'term-leap', highest = highest,
      detail = 'the sender\'s term lies too far above the highest seen: no leader takes such one' })
  end
  state.count('term_over')
  ngx.log(ngx.WARN, 'ballast: a call under term ', string.format('%.0f', term),
    ' was refused: the highest seen is ', string.format('%.0f', highest))
  answer(409, { code = 'term-over', highest = highest,
    detail = 'the sender\'s term lies below the highest seen' })
end

-- ---- push and gather

local function check_documents(list)
  if not json.is_array(list) then return nil, 'documents: an array expected' end
  for i, doc in ipairs(list) do
    local place = 'documents[' .. (i - 1) .. ']'
    if not json.is_object(doc) then return nil, place .. ': an object expected' end
    if type(doc.app) ~= 'string' or #doc.app == 0 or #doc.app > MAX_NAME then
      return nil, place .. '.app: a name expected'
    end
    if doc.deleted ~= true then doc.deleted = nil end
  end
  return true
end

local function apply(text)
  local call, arena, rest = body.object(text)
  if not call then return bad(arena) end
  if not document.is_count(call.term) then return bad('term: a whole number expected') end
  local base, base_ok = read_stamp(call.base)
  local mark, mark_ok = read_stamp(call.mark)
  if not base_ok then return bad('base: a stamp or null expected') end
  if not mark_ok then return bad('mark: a stamp or null expected') end
  local ok, why = check_documents(call.documents)
  if not ok then return bad(why) end
  local complete, _, highest = sync.apply(call.term, call.documents, 'push', rest)
  span.give_back(arena)
  if complete == nil then return term_over(call.term, highest) end
  if complete then sync.advance(mark, base) end
  local list = lists.verdicts(call.documents, rest)
  send(200, '{"state":' .. json.encode(report.build()) .. ',"verdicts":' .. list .. '}')
end

local function push()
  local text, err = body.read()
  if not text then return bad(err) end
  turn.take(apply, text)
end

-- The term first, then what is held: R3.
local function gather()
  local text, unread = body.read()
  if not text then return bad(unread) end
  local call, err, rest = body.object(text)
  if not call then return bad(err) end
  if not document.is_count(call.term) then return bad('term: a whole number expected') end
  if call.apps ~= nil and not json.is_array(call.apps) then
    return bad('apps: an array expected')
  end
  local ok, highest = sync.raise(call.term)
  if not ok then return term_over(call.term, highest) end
  local name, list = 'manifest'
  if call.apps then
    name = 'documents'
    list, err = lists.documents(call.apps, rest)
    if not list then return bad(err) end
  else
    list = lists.manifest(rest)
  end
  send(200, '{"' .. name .. '":' .. list .. ',"state":' .. json.encode(report.build()) .. '}')
end

-- ---- single upstreams

local function list_upstreams()
  send(200, '{"items":' .. lists.upstreams(pace.start()) .. '}')
end

local function show(app)
  local doc = sync.document(app)
  if not doc or doc.deleted then
    return refuse(404, 'upstream-unknown', 'there is no such app here')
  end
  local result = json.decode(doc.body)
  for _, key in ipairs({ 'term', 'version', 'digest', 'owner' }) do result[key] = doc[key] end
  answer(200, result)
end

local function finish(result, code, detail)
  if not result then return refuse(STATUS[code] or 503, code, detail) end
  answer(200, result)
end

local function read_upstream()
  local text, err = body.read(MAX_UPSTREAM)
  if not text then return nil, err end
  local upstream
  upstream, err = document.parse(text)
  if not upstream then return nil, err end
  local ok
  ok, err = listeners.check(upstream.servers)
  return ok and upstream, err
end

local function put(app)
  local upstream, why = read_upstream()
  if not upstream then return bad(why) end
  if upstream.app ~= app then
    return bad('app: "' .. upstream.app .. '" is not the "' .. app .. '" of the path')
  end
  finish(commit.write(app, document.encode(upstream)))
end

local function delete(app)
  local ok, why = names.check_name(app)
  if not ok then return bad(why) end
  finish(commit.write(app, nil))
end

local function validate()
  local upstream, why = read_upstream()
  if not upstream then return bad(why) end
  local sum, shares = 0, {}
  for _, server in ipairs(upstream.servers) do sum = sum + server.weight end
  for _, server in ipairs(upstream.servers) do
    shares[server.address] = sum > 0 and server.weight / sum or 0
  end
  answer(200, { digest = sync.digest(document.encode(upstream)), shares = shares })
end

-- ---- the rest

local function show_stats()
  local rest = pace.start()
  local asked, complete = census.take()
  local parts = lists.counts(asked, statistics, rest)
  local proved = state.get('proved')
  local others = json.encode({ other = rows.other(), complete = complete,
    start = state.get('start'), mark = state.read_mark('mark') or json.null,
    markAgeSeconds = proved and system.monotonic() - proved, memory = state.memory(),
    unhealthy = lists.unhealthy(census.marked(asked)) })
  ngx.header['Content-Type'] = 'application/json'
  parts[1] = '{"apps":' .. parts[1]
  parts[#parts] = parts[#parts] .. ',' .. string.sub(others, 2)
  for i = 1, #parts do
    ngx.print(parts[i])
    rest()
  end
end

local function show_health()
  local asked, complete = census.take()
  send(200, '{"items":' .. lists.health(pace.start()) .. ',"complete":' .. tostring(complete)
    .. ',"marked":' .. lists.marked(asked) .. '}')
end

local function show_metrics()
  ngx.header['Content-Type'] = 'text/plain; version=0.0.4'
  metrics.print(statistics, pace.start())
end

local function ready()
  if state.get('whole') then return answer(200, { ready = true }) end
  refuse(503, 'not-ready', 'neither a snapshot nor a whole manifest is in yet')
end

local ROUTES = {
  ['POST /v1/upstreams'] = { 'push', push },
  ['POST /v1/gather'] = { 'push', gather },
  ['POST /v1/validate'] = { 'read', validate },
  ['GET /v1/upstreams'] = { 'read', list_upstreams },
  ['GET /v1/state'] = { 'read', function() answer(200, report.build()) end },
  ['GET /v1/stats'] = { 'read', show_stats },
  ['GET /v1/health'] = { 'read', show_health },
  ['GET /metrics'] = { 'read', show_metrics },
  ['GET /ready'] = { 'read', ready },
}
local APP_ROUTES = { GET = { 'read', show }, PUT = { 'write', put }, DELETE = { 'write', delete } }

function control.run()
  local method, path = ngx.req.get_method(), ngx.var.uri
  local app = match(path, '^/v1/upstreams/([^/]+)$')
  local route = app and APP_ROUTES[method] or ROUTES[method .. ' ' .. path]
  local status, code, detail = access.check(route and route[1] or 'read')
  if status then return refuse(status, code, detail) end
  if not route then
    return refuse(404, 'no-such-call', method .. ' ' .. path .. ' is not known here')
  end
  route[2](app)
end

return control
