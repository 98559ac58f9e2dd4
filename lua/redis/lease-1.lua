-- The leader's lease and term (rules R1 and R2). The key never expires: its term must outlive it.
--
-- KEYS  1 leader
-- ARGV  1 action   'take' | 'renew' | 'term' | 'release'
--       2 holder   the controller's id
--       3 address  where standbys forward writes to
--       4 ttl      of the lease, milliseconds
--       5 term     renew: the term held; term: the new one
--       6 run_id   renew, term: Redis' run_id as seen by take
--       7 replid   renew, term: master_replid likewise
-- Reply {'ok', term on record, run_id, master_replid}
--       {'held', holder, address, milliseconds left}      by take
--       {'refused', code, term on record}                 not-leader, redis-changed, term-too-low
--
-- Expiry is a wall clock, of Redis alone. It only decides who may try: what is written is decided
-- by holder and term in commit-8.lua, so a clock that jumps costs a hand-over, never a document.

local key = KEYS[1]
local action, holder, address, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local term, run_id, replid = ARGV[5], ARGV[6], ARGV[7]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local now_repl = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local record = redis.call('HMGET', key, 'holder', 'address', 'expiry', 'term')
local held_by, held_at = record[1] or '', record[2] or ''
local expiry, on_record = tonumber(record[3] or '0'), record[4] or '0'

local function extend()
  redis.call('HSET', key, 'holder', holder, 'address', address,
    'expiry', string.format('%.0f', now + ttl))
  return { 'ok', on_record, now_run, now_repl }
end

if action == 'take' then
  if held_by ~= '' and held_by ~= holder and expiry > now then
    return { 'held', held_by, held_at, expiry - now }
  end
  return extend()
end

if held_by ~= holder then return { 'refused', 'not-leader', on_record } end
if action == 'release' then
  redis.call('HSET', key, 'holder', '', 'expiry', '0')
  return { 'ok', on_record, now_run, now_repl }
end
if now_run ~= run_id or now_repl ~= replid then return { 'refused', 'redis-changed', on_record } end
if action == 'renew' then
  if on_record ~= term then return { 'refused', 'not-leader', on_record } end
  return extend()
end
if tonumber(term) <= tonumber(on_record) then return { 'refused', 'term-too-low', on_record } end
redis.call('HSET', key, 'term', term)
on_record = term
return extend()
