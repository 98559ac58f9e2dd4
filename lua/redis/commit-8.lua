-- The one way a document gets into Redis: a whole commit, or nothing. Used by the controller that
-- leads (rounds and seedings) and by the edge's endpoint (a single PUT or DELETE).
--
-- KEYS  1 leader   2 version   3 upstreams   4 manifest   5 changes   6 history   7 audit
--       8 newest
-- ARGV  1 who       'leader' | 'endpoint'
--       2 holder    the leader's id; the endpoint's edge name
--       3 term      the leader's term; '' from the endpoint, which commits under the current one
--       4 run_id    of Redis, as the leader saw it when it took the lease; '' from the endpoint
--       5 replid    master_replid, likewise
--       6 purpose   'round' | 'seed'
--       7 holds     'TERM VERSION' of the _holds that a round was computed from, '' for none yet;
--                   '*' where nothing was computed from it (seed, endpoint)
--       8 floor     the new version is above this one ('0', or the highest version gathered)
--       9 audit     JSON text, '' for none
--      10 n         number of documents that follow, five values each:
--                   app, stamp ('TERM VERSION', only in a seed; '' takes the commit's own),
--                   owner ('controller' | 'endpoint' | 'adopted'), deleted ('1' | '0'), body bytes
--      then         history entries, two values each: app, JSON text
-- Reply {'ok', version, previous version, digest of each document ...}
--       {'refused', code, detail}   codes: not-leader, redis-changed, no-leader, holds-moved,
--                                   owned-by-controller, owned-by-endpoint, nothing-to-delete,
--                                   host-taken (only to the endpoint: a leader has looked)
--
-- Everything is checked before the first write, because Redis does not roll a script back.
-- Manifest values read 'TERM VERSION DIGEST OWNER'; a deleted app keeps its line with digest '-'
-- (rule R11). Change entries are 'VERSION-n' {app, term, prev}: prev is the version before this
-- commit, so that a reader whose mark is below it knows that the stream was trimmed.
-- History entries have {term, app, prev, at, entry}: prev is the id of the app's entry before, ''
-- for none; at is Redis' clock in milliseconds. The hash newest has the last entry of each app,
-- whole ('ID TERM AT TEXT'), for trimming must not take it; of a deleted app its id ('ID').

-- Of history and audit the leader keeps less; this bounds them where none leads for long.
local CHANGES_KEPT, HISTORY_KEPT, AUDIT_KEPT = 20000, 1000000, 1000000

local leader_key, version_key, upstreams_key = KEYS[1], KEYS[2], KEYS[3]
local manifest_key, changes_key, history_key, audit_key = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local newest_key = KEYS[8]
local who, holder, term, run_id, replid = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local purpose, holds, floor, audit, count = ARGV[6], ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])

local function refuse(code, detail)
  return { 'refused', code, detail or '' }
end

local function whole(number)
  return string.format('%.0f', number)
end

-- Above, in the order of stamps: term first.
local function above(stamp, other)
  if not other then return true end
  local t1, v1 = string.match(stamp, '^(%d+) (%d+)')
  local t2, v2 = string.match(other, '^(%d+) (%d+)')
  -- A line that is none lies below everything: a seeding heals it.
  if not t2 then return true end
  t1, v1, t2, v2 = tonumber(t1), tonumber(v1), tonumber(t2), tonumber(v2)
  return t1 > t2 or (t1 == t2 and v1 > v2)
end

-- A body that its line does not fit is none: whoever has the right bytes brings them back.
local function torn(stamp, app, line)
  local held, digest = string.match(line or '', '^(%d+ %d+) (%x+) ')
  if held ~= stamp then return false end
  local body = redis.call('HGET', upstreams_key, app)
  return not body or redis.sha1hex(body) ~= digest
end

local now_run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local now_repl = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local lead = redis.call('HMGET', leader_key, 'holder', 'term', 'runId', 'replId')
local lead_holder, lead_term, lead_run, lead_repl = lead[1], lead[2], lead[3], lead[4]

-- R1: a Redis that was restarted, restored or promoted takes nothing until a leader has seeded it.
if who == 'leader' then
  if lead_holder ~= holder or lead_term ~= term then
    return refuse('not-leader', lead_term or '')
  end
  if now_run ~= run_id or now_repl ~= replid then return refuse('redis-changed', now_run) end
elseif not lead_term then
  return refuse('no-leader', '')
end
if purpose ~= 'seed' and (lead_run ~= now_run or lead_repl ~= now_repl) then
  return refuse('redis-changed', now_run)
end
term = lead_term

-- R7: a round that was computed before a person's word must not be written after it.
if holds ~= '*' then
  local line = redis.call('HGET', manifest_key, '_holds')
  local stamp = line and string.match(line, '^%d+ %d+') or ''
  if stamp ~= holds then return refuse('holds-moved', stamp) end
end

-- The first other app whose body names one of these hosts. Canonical bodies have their hosts before
-- their policy, and are searched as text: decoding ten thousand would take ten times as long.
local function taken(app, body)
  local wanted = cjson.decode(body).hosts
  if type(wanted) ~= 'table' or #wanted == 0 then return nil end
  local all = redis.call('HGETALL', upstreams_key)
  for at = 1, #all, 2 do
    local stop = all[at] ~= app and string.find(all[at + 1], ',"policy":', 1, true)
    for i = 1, stop and #wanted or 0 do
      local found = string.find(all[at + 1], '"' .. wanted[i] .. '"', 1, true)
      if found and found < stop then return wanted[i] .. ' belongs to ' .. all[at] end
    end
  end
end

local documents = {}
for i = 1, count do
  local at = 10 + (i - 1) * 5
  local app, stamp, owner = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local deleted, body = ARGV[at + 4] == '1', ARGV[at + 5]
  local line = redis.call('HGET', manifest_key, app)
  local digest, owned = '-', nil
  if line then digest, owned = string.match(line, '^%d+ %d+ (%S+) (%S+)') end
  if purpose == 'round' and digest ~= '-' then
    if who == 'endpoint' and owned == 'controller' then
      return refuse('owned-by-controller', app)
    end
    if who == 'leader' and owned == 'endpoint' and owner == 'controller' then
      return refuse('owned-by-endpoint', app)
    end
  end
  if purpose == 'round' and deleted and digest == '-' then
    return refuse('nothing-to-delete', app)
  end
  local conflict = who == 'endpoint' and not deleted and taken(app, body)
  if conflict then return refuse('host-taken', conflict) end
  if owner == 'adopted' then owner = 'controller' end
  if purpose == 'round' or above(stamp, line) or torn(stamp, app, line) then
    documents[#documents + 1] = {
      app = app, stamp = stamp, owner = owner, deleted = deleted, body = body,
      digest = deleted and '-' or redis.sha1hex(body),
    }
  end
end

local previous = tonumber(redis.call('GET', version_key) or '0')
local version = math.max(previous, tonumber(floor))
-- An id that is not above the last one of its stream would fail when half is written.
for _, stream in ipairs({ changes_key, history_key, audit_key }) do
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if last then version = math.max(version, tonumber(string.match(last[1], '^%d+'))) end
end
version = version + 1
local id, prev = whole(version), whole(previous)

local clock = redis.call('TIME')
local at = whole(tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000))
local digests, is_deleted = {}, {}
redis.call('SET', version_key, id)
if purpose == 'seed' then redis.call('HSET', leader_key, 'runId', now_run, 'replId', now_repl) end
-- A commit without documents (a seeding that found nothing) leaves an entry too: no gap in prev.
if #documents == 0 then
  redis.call('XADD', changes_key, id .. '-0', 'app', '', 'term', term, 'prev', prev)
end
for i, document in ipairs(documents) do
  local stamp = document.stamp ~= '' and document.stamp or (term .. ' ' .. id)
  is_deleted[document.app] = document.deleted
  if document.deleted then
    redis.call('HDEL', upstreams_key, document.app)
  else
    redis.call('HSET', upstreams_key, document.app, document.body)
  end
  redis.call('HSET', manifest_key, document.app,
    stamp .. ' ' .. document.digest .. ' ' .. document.owner)
  redis.call('XADD', changes_key, id .. '-' .. (i - 1),
    'app', document.app, 'term', term, 'prev', prev)
  digests[i] = document.digest
end
redis.call('XTRIM', changes_key, 'MAXLEN', '~', CHANGES_KEPT)
for i = 10 + count * 5 + 1, #ARGV - 1, 2 do
  local app, entry = ARGV[i], ARGV[i + 1]
  local entry_id = id .. '-' .. ((i - 11 - count * 5) / 2)
  local before = redis.call('HGET', newest_key, app)
  before = before and string.match(before, '^%S+') or ''
  redis.call('XADD', history_key, entry_id,
    'term', term, 'app', app, 'prev', before, 'at', at, 'entry', entry)
  local kept = is_deleted[app] and '' or ' ' .. term .. ' ' .. at .. ' ' .. entry
  redis.call('HSET', newest_key, app, entry_id .. kept)
end
redis.call('XTRIM', history_key, 'MAXLEN', '~', HISTORY_KEPT)
if audit ~= '' then
  redis.call('XADD', audit_key, id .. '-0', 'term', term, 'at', at, 'entry', audit)
  redis.call('XTRIM', audit_key, 'MAXLEN', '~', AUDIT_KEPT)
end

local reply = { 'ok', id, prev }
for i = 1, #digests do reply[3 + i] = digests[i] end
return reply
