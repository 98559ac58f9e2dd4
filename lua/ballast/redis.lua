-- A connection to Redis (or Valkey).
--
-- In: where it is (config), commands as arrays. Out: replies; `redis.null` for none.
-- On failure: nil and a message; the connection is then of no further use.
--
-- Behind Sentinel each of the list is asked in turn, until what one names as the master says so
-- itself: after a fail-over a Sentinel may still name the old one, or one that is not yet promoted.

local link = require('ballast.link')

local loaded, driver = pcall(require, 'resty.redis')
if not loaded then driver = require('nginx.redis') end

local ANSWER_MS = 5000
local SENTINEL_MS = 1000

local redis = { null = ngx.null }

local function send(connection, command)
  return connection[string.lower(command[1])](connection, unpack(command, 2))
end

-- One command. A refusal by Redis is a failure too.
function redis.call(connection, command)
  local reply, err = send(connection, command)
  if not reply then return nil, err or 'no answer' end
  return reply
end

function redis.close(connection)
  connection:close()
end

local function greet(connection, place)
  if place.password then
    local auth = place.user and { 'AUTH', place.user, place.password } or { 'AUTH', place.password }
    local ok, err = redis.call(connection, auth)
    if not ok then return nil, err end
  end
  if (place.database or 0) ~= 0 then
    return redis.call(connection, { 'SELECT', place.database })
  end
  return true
end

-- The driver's own socket: its `connect` knows no TLS in every version.
local function open(place)
  local connection = driver:new()
  local ok, err = link.open(connection._sock, place)
  if not ok then return nil, err end
  connection:set_timeout(ANSWER_MS)
  ok, err = greet(connection, place)
  if not ok then
    connection:close()
    return nil, err
  end
  return connection
end

-- ---- Sentinel

local function ask(sentinel, master_name)
  local connection, err = open(sentinel)
  if not connection then return nil, err end
  connection:set_timeout(SENTINEL_MS)
  local address
  address, err = redis.call(connection, { 'SENTINEL', 'get-master-addr-by-name', master_name })
  redis.close(connection)
  if not address then return nil, err end
  if address == redis.null then return nil, 'knows no master "' .. master_name .. '"' end
  local host = address[1]
  return { host = string.find(host, ':', 1, true) and '[' .. host .. ']' or host,
    port = tonumber(address[2]) }
end

local function open_master(place, address)
  local connection, err = open({ host = address.host, port = address.port, tls = place.tls,
    server_name = place.server_name or address.host, user = place.user, password = place.password })
  if not connection then return nil, err end
  local role
  role, err = redis.call(connection, { 'ROLE' })
  if role and role[1] == 'master' then return connection end
  redis.close(connection)
  return nil, address.host .. ':' .. address.port .. ' is no master'
    .. (err and ': ' .. err or ' (yet)')
end

local function connect_by_sentinel(place)
  local list, complaints = place.sentinels, {}
  for i = 1, #list do
    local connection
    local address, err = ask(list[i], place.master_name)
    if address then connection, err = open_master(place, address) end
    if connection then
      -- Who was right is asked first the next time.
      table.insert(list, 1, table.remove(list, i))
      return connection
    end
    complaints[i] = list[i].name .. ':' .. list[i].port .. ': ' .. err
  end
  return nil, 'no Sentinel leads to a master: ' .. table.concat(complaints, '; ')
end

function redis.connect(place)
  if place.sentinels then return connect_by_sentinel(place) end
  return open(place)
end

-- ---- transactions

-- All or nothing, and nobody else's command in between. Returns the array of replies; a refused
-- command stands in it as `{false, message}`.
function redis.transaction(connection, commands)
  connection:init_pipeline(#commands + 2)
  send(connection, { 'MULTI' })
  for i = 1, #commands do send(connection, commands[i]) end
  send(connection, { 'EXEC' })
  local replies, err = connection:commit_pipeline()
  if not replies then return nil, err end
  for i = 1, #replies do
    if type(replies[i]) == 'table' and replies[i][1] == false and i < #replies then
      return nil, replies[i][2]
    end
  end
  local results = replies[#replies]
  if type(results) ~= 'table' then return nil, 'transaction refused' end
  if results[1] == false then return nil, results[2] end
  return results
end

function redis.refusal(reply)
  return type(reply) == 'table' and reply[1] == false and reply[2] or nil
end

-- A transaction of which no command may be refused.
function redis.read(connection, commands)
  local replies, err = redis.transaction(connection, commands)
  if not replies then return nil, err end
  for i = 1, #replies do
    local refusal = redis.refusal(replies[i])
    if refusal then return nil, refusal end
  end
  return replies
end

function redis.number(reply)
  return reply ~= redis.null and tonumber(reply) or nil
end

return redis
