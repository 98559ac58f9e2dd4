-- The one way in: every document, from a push, a poll, a PUT or the snapshot, is applied here.
--
-- In: the sender's term and documents `{app, term, version, digest, owner, deleted?, body?}`.
-- Out: a verdict for each; the state holds what is newest, and the mark says up to which commit.
-- On failure: `term-over` refuses the call; a document that is bad, or finds no room, is refused
-- by name and listed with its stamp, while the rest applies.
--
-- Stamps decide, term first, and never go back for an app. Stored first, then the counter moves:
-- a request that begins after the answer sees the new document, in every worker.
-- Several workers may apply at once (any may get a push, one polls): the lock `apply` orders them.

local document = require('ballast.document')
local hosts = require('ballast.hosts')
local listeners = require('ballast.listeners')
local names = require('ballast.names')
local state = require('ballast.state')

local sha1_bin = ngx.sha1_bin
local compare = document.compare
local min = math.min

-- Bounds how long a worker works without letting requests in: some 5 ms.
local BATCH = 50

local HEX = {}
for i = 0, 255 do HEX[string.char(i)] = string.format('%02x', i) end

local sync = {}

function sync.digest(bytes)
  return (string.gsub(sha1_bin(bytes), '.', HEX))
end

-- A change that a heartbeat tells and a snapshot keeps.
local function note()
  state.count('news')
  state.count('change')
end

-- R6: a refusal goes only by a document at its stamp or above.
local function settle(app, stamp)
  local refused = state.refusal(app)
  if not refused or compare(stamp, refused) < 0 then return end
  state.clear_refusal(app)
  note()
end

-- Returns false where even the refusal finds no room: the mark must then not pass.
local function refuse(app, stamp, code)
  local refused = state.refusal(app)
  if refused then
    local order = compare(refused, stamp)
    if order > 0 or (order == 0 and refused.code == code) then return true end
  end
  if not state.refuse(app, stamp, code) then return false end
  note()
  return true
end

local function has_stamp(doc)
  return document.is_count(doc.term) and document.is_count(doc.version)
end

local function check_shape(doc)
  if not document.is_owner(doc.owner) then
    return nil, 'owner: "controller" or "endpoint" expected'
  end
  if doc.deleted then
    return doc.digest == '-' or nil, 'digest: "-" expected of a deleted app'
  end
  if type(doc.body) ~= 'string' then return nil, 'body: a string expected' end
  if type(doc.digest) ~= 'string' then return nil, 'digest: a string expected' end
  return true
end

local function read_body(doc)
  if doc.deleted then return names.check_name(doc.app) end
  if sync.digest(doc.body) ~= doc.digest then return nil, 'digest: does not fit the body' end
  local packed, upstream = document.take(doc.app, doc.body)
  if not packed or not upstream then return packed, upstream end
  local ok, why = listeners.check(upstream.servers)
  return ok and packed, why
end

local function store(doc, packed, held_packed)
  local before, after
  if not names.is_reserved(doc.app) then
    before = held_packed and document.hosts(held_packed)
    after = packed and document.hosts(packed)
  end
  local taken, moved = hosts.take(doc.app, before, after)
  if not taken then return nil, moved end
  local ok, err = state.store(doc.app, document.line(doc), packed)
  if not ok then
    hosts.drop(doc.app, taken, nil)
    return nil, err
  end
  moved = hosts.drop(doc.app, before, after) or moved
  if moved then state.count('hosts') end
  return true
end

-- Returns code, detail, and false where the refusal could not be kept.
local function apply_one(doc)
  local app = doc.app
  if not has_stamp(doc) then return 'bad', 'term and version: whole numbers expected', false end
  local ok, why = check_shape(doc)
  if not ok then return 'bad', why, refuse(app, doc, 'bad') end
  local line, held_packed = state.read(app)
  local held = line and document.read_line(line)
  local order = compare(doc, held)
  if order < 0 then return 'older' end
  if order == 0 then
    if held.digest ~= doc.digest then return 'conflict', nil, refuse(app, doc, 'conflict') end
    settle(app, doc)
    return 'same'
  end
  local code, packed = 'same', held_packed
  if not held or held.digest ~= doc.digest then
    code = 'applied'
    packed, why = read_body(doc)
    if not packed then return 'bad', why, refuse(app, doc, 'bad') end
    if doc.deleted then packed = nil end
  end
  ok, why = store(doc, packed, held_packed)
  if not ok then return 'full', why, refuse(app, doc, 'full') end
  settle(app, doc)
  return code, nil, true, true
end

local function apply_batch(term, list, from, verdicts)
  local highest = state.get('highest') or 0
  if term < highest then return nil, 'term-over', highest end
  if term > highest then
    state.set('highest', term)
    note()
  end
  local complete, any = true, false
  for i = from, min(from + BATCH - 1, #list) do
    local code, detail, kept, stored = apply_one(list[i])
    complete, any = complete and kept ~= false, any or stored
    local held = state.stamp(list[i].app) or {}
    verdicts[i] = { app = list[i].app, code = code, detail = detail,
      term = held.term, version = held.version, digest = held.digest }
  end
  if any then
    state.count('counter')
    state.count('change')
  end
  return true, complete, any
end

-- Applies documents of a sender. Returns the verdicts and whether every refusal is on record.
function sync.apply(term, list, source)
  local verdicts, complete = {}, true
  local from = 1
  repeat
    local ok, all, any = state.exclusively('apply', apply_batch, term, list, from, verdicts)
    if not ok then return nil, all, any end
    complete = complete and all
    if any then state.set('source', source) end
    from = from + BATCH
    if from <= #list then ngx.sleep(0.001) end
  until from > #list
  return verdicts, complete
end

-- At the start, before there are workers: what a snapshot holds, packed as it was in memory.
function sync.restore(content)
  hosts.restore(content.owners)
  for _, doc in ipairs(content.documents) do
    local ok, err = store(doc, doc.packed, nil)
    if not ok then
      ngx.log(ngx.ERR, 'ballast: no room for ', doc.app, ' of the snapshot: ', err)
      refuse(doc.app, doc, 'full')
    end
  end
  for _, refused in ipairs(content.refused) do refuse(refused.app, refused, refused.code) end
  state.set('highest', content.highest)
  if content.mark then
    state.write_mark('mark', content.mark)
    state.set('whole', true)
  end
  state.set('source', 'snapshot')
  state.count('counter')
end

-- R3: the term of a gather, or of the leader key.
local function raise(term)
  local highest = state.get('highest') or 0
  if term < highest then return nil, 'term-over', highest end
  if term > highest then
    state.set('highest', term)
    note()
  end
  return true
end

function sync.raise(term)
  return state.exclusively('apply', raise, term)
end

local function advance(mark, base)
  local held = state.read_mark('mark')
  if compare(held, base) < 0 or compare(mark, held) <= 0 then return end
  state.write_mark('mark', mark)
  note()
end

-- After a push or a PUT: the mark moves when the edge had everything up to `base`. Without a base
-- (a seeding) the poll moves it.
function sync.advance(mark, base)
  if mark and base then state.exclusively('apply', advance, mark, base) end
end

-- After a poll. `compared` (R9) is nil where changes were followed, else the names of the apps
-- that lie above Redis: the comparison is repeated until there are none.
-- A comparison may also lower the mark, where Redis lost commits; but not below what a push has
-- proved since the poll began to read (`seen`).
local function reached(stamp, seen, compared)
  local held = state.read_mark('mark')
  if compare(stamp, held) > 0 or (compared and held and compare(seen, held) == 0
    and compare(stamp, held) ~= 0) then
    state.write_mark('mark', stamp)
    note()
  end
  if not compared then return end
  state.set('whole', true)
  local above = table.concat(compared, ' ')
  local proved = above == '' and stamp.term or 0
  if state.get('compared') == proved and state.get('above') == above then return end
  state.set('compared', proved)
  state.set('above', above)
  state.count('news')
end

function sync.reached(stamp, seen, compared)
  state.exclusively('apply', reached, stamp, seen, compared)
end

-- A held document in the form that travels.
function sync.document(app)
  local line, packed = state.read(app)
  local doc = line and document.read_line(line)
  if not doc then return nil end
  doc.app = app
  if packed then
    doc.body = document.bytes(app, packed)
  else
    doc.deleted = true
  end
  return doc
end

return sync
