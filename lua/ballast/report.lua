-- What this edge says of itself: the contract's STATE, for the endpoint and the heartbeat.
--
-- In: the shared state. Out: a table for json.encode. Never fails: what is not known is null.

local json = require('ballast.json')
local refusals = require('ballast.refusals')
local state = require('ballast.state')
local sync = require('ballast.sync')

local report = {}

local settings

function report.init(config)
  settings = config
end

local function workers()
  local list = json.list()
  for i, worker in ipairs(state.workers()) do
    list[i] = { pid = worker.pid, mark = worker.mark or json.null }
  end
  return list
end

-- R9: whole, because the source may have nothing of them.
local function above()
  local list = json.list()
  for app in string.gmatch(state.get('above') or '', '%S+') do
    list[#list + 1] = sync.document(app)
  end
  return list
end

local function source_state()
  local err = state.get('redis') or 'not yet asked'
  if err == '' then return { ok = true } end
  local complaint = string.match(err, '^%+(.*)$')
  return { ok = complaint ~= nil, error = complaint or err }
end

-- `damaged`: what the start could not read. `error`: why it cannot be written now.
local function snapshot_state()
  local damaged, err = state.get('damaged'), state.get('unsaved')
  return (damaged or err) and { damaged = damaged, error = err } or nil
end

function report.build()
  local source = source_state()
  return {
    name = settings.name,
    environment = settings.environment,
    start = state.get('start'),
    beat = state.get('beat') or 0,
    control = settings.control or json.null,
    highest = state.get('highest') or 0,
    mark = state.read_mark('mark') or json.null,
    saved = state.read_mark('saved') or json.null,
    workers = workers(),
    refused = json.list(refusals.list()),
    compared = state.get('compared') or 0,
    above = above(),
    documents = state.get('documents') or 0,
    source = state.get('source') or 'none',
    redis = not settings.api and source or nil,
    api = settings.api and source or nil,
    snapshot = snapshot_state(),
  }
end

return report
