-- Commit: a single PUT or DELETE, through the same script as the controller's rounds.
--
-- In: an app and its canonical body (nil: delete). Out: the stamp and digest, applied here.
-- On failure: nil, a code of the contract, a detail. With Redis down, or out of this edge's reach,
-- nothing is written anywhere.

local json = require('ballast.json')
local names = require('ballast.names')
local redis = require('ballast.redis')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')

local KEYS =
  { 'leader', 'version', 'upstreams', 'manifest', 'changes', 'history', 'audit', 'newest' }
local DETAILS = {
  ['owned-by-controller'] = 'the controller owns this app: change its weights by a hold '
    .. '(POST /api/v1/holds of the controller)',
  ['redis-changed'] = 'Redis was restarted or replaced; '
    .. 'it takes commits again once a leader has seeded it',
  ['no-leader'] = 'no leader has taken a term in this Redis yet',
  ['host-taken'] = 'another app has this host',
  ['nothing-to-delete'] = 'there is no such app',
}

local commit = {}

local settings, script, script_sha

function commit.init(config)
  settings = config
  -- The script lies beside this folder, so that both are always of one version.
  local here = string.match(debug.getinfo(1, 'S').source, '^@(.*)/[^/]+$')
  local path = here .. '/../redis/commit-8.lua'
  local err
  script, err = system.read_file(path)
  if not script then return nil, err end
  script_sha = sync.digest(script)
  return true
end

-- Weights by where they are from, as the controller's own entries have them. What was there before
-- is not known here: the entry before says it.
local function placed(body)
  local groups = {}
  for _, server in ipairs(body and json.decode(body).servers or {}) do
    groups[server.from] = groups[server.from] or {}
    groups[server.from][server.address] = server.weight
  end
  return groups
end

local function arguments(app, body)
  local actor = 'edge ' .. settings.name
  local text = (body and 'put ' or 'delete ') .. app
  local audit = json.encode({ actor = actor, text = text, changed = 1 })
  local causes = json.list({ json.list({ 'endpoint', text }) })
  local entry = json.encode({ actor = actor, causes = causes, after = placed(body) })
  return { 'endpoint', settings.name, '', '', '', 'round', '*', '0', audit, '1',
    app, '', 'endpoint', body and '0' or '1', body or '', app, entry }
end

local function command(name, first, app, body)
  local list = { name, first, tostring(#KEYS) }
  for _, key in ipairs(KEYS) do list[#list + 1] = settings.prefix .. key end
  for _, argument in ipairs(arguments(app, body)) do list[#list + 1] = argument end
  return list
end

-- The script's reply does not name the term it wrote under: both are read in one transaction.
local function run(connection, app, body)
  local leader = { 'HGET', settings.prefix .. 'leader', 'term' }
  local replies, err = redis.transaction(connection,
    { leader, command('EVALSHA', script_sha, app, body) })
  if not replies then return nil, err end
  local refusal = redis.refusal(replies[2])
  if refusal and string.find(refusal, '^NOSCRIPT') then
    replies, err = redis.transaction(connection, { leader, command('EVAL', script, app, body) })
    if not replies then return nil, err end
    refusal = redis.refusal(replies[2])
  end
  if refusal then return nil, refusal end
  return tonumber(replies[1]), replies[2]
end

-- Asked before writing: what an old master accepts would be lost, and this edge would not take it.
local function check_term(connection)
  local term, err = redis.call(connection, { 'HGET', settings.prefix .. 'leader', 'term' })
  if not term then return nil, 'redis-unavailable', err end
  if term == redis.null then return nil, 'no-leader', DETAILS['no-leader'] end
  if not sync.raise(tonumber(term)) then
    return nil, 'redis-changed', 'its leader\'s term lies below the highest seen'
  end
  return true
end

local function apply(doc, base)
  local complete, why = sync.apply(doc.term, { doc }, 'push')
  if complete == nil then return nil, 'redis-changed', why end
  if complete then sync.advance({ term = doc.term, version = doc.version }, base) end
  if doc.code == 'full' or doc.code == 'bad' then
    return nil, doc.code,
      'committed, but not applied here: ' .. (doc.detail or doc.code)
  end
  return { app = doc.app, term = doc.term, version = doc.version, digest = doc.digest }
end

local function detail_of(reply)
  local code, detail = reply[2], reply[3]
  if code == 'host-taken' then return DETAILS[code] .. ': ' .. detail end
  return DETAILS[code] or detail
end

local function commit_and_apply(connection, app, body)
  local ok, code, detail = check_term(connection)
  if not ok then return nil, code, detail end
  local term, reply = run(connection, app, body)
  if not term then return nil, 'redis-unavailable', reply end
  if reply[1] ~= 'ok' then return nil, reply[2], detail_of(reply) end
  local version, previous = tonumber(reply[2]), tonumber(reply[3])
  local doc = { app = app, term = term, version = version, digest = reply[4] or '-',
    owner = 'endpoint', body = body, deleted = not body or nil }
  return apply(doc, { term = term, version = previous })
end

-- Redis may have lost it, and a leader that gathered without this edge not have seeded it yet: what
-- is held here stands all the same.
local function is_controllers(app)
  local stamp, packed = state.read(app)
  return packed ~= nil and stamp.owner == 'controller'
end

function commit.write(app, body)
  if names.is_reserved(app) then
    return nil, 'bad', 'app: names that begin with "_" are reserved'
  end
  if not settings.redis then
    return nil, 'redis-unavailable',
      'this edge asks the controller and has no Redis: write at an edge that has'
  end
  if is_controllers(app) then
    return nil, 'owned-by-controller', DETAILS['owned-by-controller']
  end
  local connection, err = redis.connect(settings.redis)
  if not connection then return nil, 'redis-unavailable', err end
  local result, code, detail = commit_and_apply(connection, app, body)
  redis.close(connection)
  return result, code, detail
end

return commit
