-- A connection to Redis (or Valkey).
--
-- In: where it is (config), commands as arrays. Out: replies; `redis.null` for none.
-- On failure: nil and a message; the connection is then of no further use.

local loaded, driver = pcall(require, 'resty.redis')
if not loaded then driver = require('nginx.redis') end

local CONNECT_MS, ANSWER_MS = 1000, 5000

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

local function greet(connection, place)
  if place.password then
    local auth = place.user and { 'AUTH', place.user, place.password } or { 'AUTH', place.password }
    local ok, err = redis.call(connection, auth)
    if not ok then return nil, err end
  end
  if place.database ~= 0 then return redis.call(connection, { 'SELECT', place.database }) end
  return true
end

function redis.connect(place)
  local connection = driver:new()
  connection:set_timeout(CONNECT_MS)
  local ok, err
  if place.socket then
    ok, err = connection:connect(place.socket)
  else
    ok, err = connection:connect(place.host, place.port)
  end
  if not ok then return nil, err end
  connection:set_timeout(ANSWER_MS)
  ok, err = greet(connection, place)
  if not ok then
    connection:close()
    return nil, err
  end
  return connection
end

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

function redis.close(connection)
  connection:close()
end

return redis
