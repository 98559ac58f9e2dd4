-- The one way a job gets into Redis, and the one way it changes: a whole step of its journal, or
-- nothing. Used by the controller that leads, and by nobody else. So does a page that jobs share:
-- it is a head in another hash, without locks and fields.
--
-- KEYS  1 leader   2 jobs   3 locks   4 the job's own hash
-- ARGV  1 holder    the leader's id
--       2 term      the leader's term
--       3 run_id    of Redis, as the leader saw it when it took the lease
--       4 replid    master_replid, likewise
--       5 what      'put' | 'check' (nothing is written) | 'drop' (a finished job is forgotten)
--                   | 'confirm' (the list of edges: head says by whom, when and which)
--       6 id
--       7 revision  the one that this builds on; 0: the job is new
--       8 head      JSON; its `revision` is above
--       9 lock      'take' | 'keep' | 'free'
--      10 n         number of apps that follow
--      then         the apps; then fields of the job's hash, two values each: name, JSON text
-- Reply {'ok'}
--       {'refused', code, detail}   codes: not-leader, redis-changed, job-moved, app-locked
--
-- Everything is checked before the first write: Redis does not roll a script back. The lock of an
-- app is the id of its job. A job that is put again after Redis lost it (revision 0) takes its
-- locks anew; another job that has one of them by then refuses it.

local leader_key, jobs_key, locks_key, job_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local holder, term, run_id, replid = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local what, id, revision, head, lock = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9]
local count = tonumber(ARGV[10])

local function refuse(code, detail)
  return { 'refused', code, detail or '' }
end

local now_run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local now_repl = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local lead = redis.call('HMGET', leader_key, 'holder', 'term', 'runId', 'replId')
if lead[1] ~= holder or lead[2] ~= term then return refuse('not-leader', lead[2] or '') end
if now_run ~= run_id or now_repl ~= replid then return refuse('redis-changed', now_run) end
-- R1: nothing is taken before a leader has seeded this Redis.
if lead[3] ~= now_run or lead[4] ~= now_repl then return refuse('redis-changed', now_run) end
if what == 'check' then return { 'ok' } end
if what == 'confirm' then
  redis.call('HSET', job_key, 'said', head)
  return { 'ok' }
end

local before = redis.call('HGET', jobs_key, id)
local stands = before and cjson.decode(before).revision or 0
if stands ~= revision then return refuse('job-moved', tostring(stands)) end

local apps = {}
for i = 1, count do apps[i] = ARGV[10 + i] end
if lock == 'take' then
  for _, app in ipairs(apps) do
    local other = redis.call('HGET', locks_key, app)
    if other and other ~= id then return refuse('app-locked', app .. ' ' .. other) end
  end
end

if what == 'drop' then
  redis.call('HDEL', jobs_key, id)
  redis.call('DEL', job_key)
else
  -- Steps of a head that is gone are nobody's.
  if revision == 0 then redis.call('DEL', job_key) end
  redis.call('HSET', jobs_key, id, head)
  for i = 11 + count, #ARGV - 1, 2 do
    redis.call('HSET', job_key, ARGV[i], ARGV[i + 1])
  end
end
for _, app in ipairs(apps) do
  if lock == 'take' then
    redis.call('HSET', locks_key, app, id)
  elseif lock == 'free' and redis.call('HGET', locks_key, app) == id then
    redis.call('HDEL', locks_key, app)
  end
end
return { 'ok' }
