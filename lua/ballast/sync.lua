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

local span = require('ballast.span')
local digests = require('ballast.digests')
local document = require('ballast.document')
local keep = require('ballast.keep')
local listeners = require('ballast.listeners')
local lock = require('ballast.lock')
local names = require('ballast.names')
local pace = require('ballast.pace')
local refusals = require('ballast.refusals')
local state = require('ballast.state')
local system = require('ballast.system')

local sha1, monotonic = system.sha1, system.monotonic
local compare, BODY = document.compare, document.BODY

-- Documents between two looks at the clock.
local LOOK = 4
-- Terms: 65536 nonces to a counter. src/edges/counter.ts has the same bounds.
local LEAP, MAX_TERM = 2 ^ 20 * 65536, 2 ^ 52

local sync = {}

function sync.digest(text)
  return digests.hex(sha1(text))
end

-- A change that a heartbeat tells and a snapshot keeps.
local function note()
  state.count('news')
  state.count('change')
end

-- R6: a refusal goes only by a document at its stamp or above.
local function settle(app, stamp)
  local refused = refusals.any() and refusals.get(app)
  if not refused or compare(stamp, refused) < 0 then return end
  refusals.clear(app)
  note()
end

-- Returns false where even the refusal finds no room: the mark must then not pass.
local function refuse(app, stamp, code)
  local refused = refusals.get(app)
  if refused then
    local order = compare(refused, stamp)
    if order > 0 or (order == 0 and refused.code == code) then return true end
  end
  if not refusals.set(app, stamp, code) then return false end
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
  if not span.is_text(doc.body) then return nil, 'body: a string expected' end
  if type(doc.digest) ~= 'string' or #doc.digest ~= 40 then
    return nil, 'digest: 40 hex digits expected'
  end
  return true
end

-- Most upstreams have none of the ports that this edge listens at; the others are looked at.
-- `value`, here and below: a stamp, and behind it the packed form, as it is stored.
local function check_listeners(app, value)
  local harmless = names.is_reserved(app) or not document.may_use(value, listeners.ports(), BODY)
  if harmless then return true end
  return listeners.check(document.unpack(app, value, BODY).servers)
end

local function read_body(doc)
  local digest = sha1(doc.body)
  if not digests.is_hex(digest, doc.digest) then return nil, 'digest: does not fit the body' end
  local mark, owner = document.stamp_parts(doc)
  local value, why = document.take(doc.app, doc.body, mark, digest, owner)
  if not value then return nil, why end
  local ok, unfit = check_listeners(doc.app, value)
  if not ok then return nil, unfit end
  return value
end

-- Takes a document that lies above what is held. Returns code, detail, whether a refusal is on
-- record, and true where something was stored.
local function take(doc, held, serial)
  local app, code = doc.app, 'applied'
  local value, why
  if held and document.has_digest(held, doc.digest) then
    code = 'same'
    value = document.pack_stamp(doc, document.digest_bytes(held)) .. (document.body(held) or '')
  elseif doc.deleted then
    value = document.pack_stamp(doc)
  else
    value, why = read_body(doc)
    if not value then return 'bad', why, refuse(app, doc, 'bad') end
  end
  local ok
  ok, why = keep.store(app, value, held, serial)
  if not ok then return 'full', why, refuse(app, doc, 'full') end
  settle(app, doc)
  return code, nil, true, true
end

-- Returns the same as `take`. What no leader sends is not put on record: nothing would clear it.
local function apply_one(doc, term)
  local app = doc.app
  if not has_stamp(doc) then return 'bad', 'term and version: whole numbers expected', false end
  if doc.term > term then return 'bad', 'term: it lies above the sender\'s', false end
  local ok, why = names.check_name(app)
  if not ok then return 'bad', why, false end
  ok, why = check_shape(doc)
  if not ok then return 'bad', why, refuse(app, doc, 'bad') end
  local held, serial = state.held(app)
  local order = held and document.compare_bytes(doc, held) or 1
  if order < 0 then return 'older' end
  if order > 0 then return take(doc, held, serial) end
  if not document.has_digest(held, doc.digest) then
    return 'conflict', nil, refuse(app, doc, 'conflict')
  end
  settle(app, doc)
  return 'same'
end

-- Into the document itself, which spares a table. `held`: the stamp that is, unless it is this one.
local function note_verdict(doc, code, detail)
  doc.code = code
  if code == 'applied' or code == 'same' then return end
  doc.detail, doc.held = detail, state.stamp(doc.app)
end

-- Terms rise by one at a time: what leaps so far is a mistake or an attack, and after it no
-- leader could go on (a term above 2^53 cannot be told from the next).
local function see_term(term)
  local highest = state.get('highest') or 0
  if term < highest or term > (highest == 0 and MAX_TERM or highest + LEAP) then
    return nil, highest
  end
  if term > highest then
    state.set('highest', term)
    note()
  end
  return true
end

-- Applies from `from` on until the slice ends. Returns the number of the first that is left.
local function apply_slice(term, list, from, result)
  local ok, highest = see_term(term)
  if not ok then return nil, highest end
  local deadline, last, any = result.rest(true), #list, false
  while from <= last do
    local code, detail, kept, stored = apply_one(list[from], term)
    if kept == false then result.complete = false end
    any = any or stored
    note_verdict(list[from], code, detail)
    from = from + 1
    if from % LOOK == 0 and monotonic() > deadline then break end
  end
  if any then
    state.count('counter')
    state.count('change')
  end
  return from, any
end

-- Applies a sender's documents, in slices (`rest`, see pace); each gets `code`, `detail`, `held`.
-- Returns whether every refusal is on record; nil, `term-over` and the highest term.
function sync.apply(term, list, source, rest)
  local result, from, any = { complete = true, rest = rest or pace.start() }, 1
  repeat
    from, any = lock.exclusively('apply', apply_slice, term, list, from, result)
    if not from then return nil, 'term-over', any end
    if any then state.set('source', source) end
    if from <= #list then result.rest() end
  until from > #list
  return result.complete
end

-- At the start, before there are workers: what a snapshot holds, packed as it was in memory.
function sync.restore(content)
  for _, doc in ipairs(content.documents) do
    local ok, err = keep.store(doc.app, doc.value)
    if not ok then
      ngx.log(ngx.ERR, 'ballast: no room for ', doc.app, ' of the snapshot: ', err)
      refuse(doc.app, document.read_stamp(doc.value), 'full')
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
function sync.raise(term)
  return lock.exclusively('apply', see_term, term)
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
  if mark and base then lock.exclusively('apply', advance, mark, base) end
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
  lock.exclusively('apply', reached, stamp, seen, compared)
end

-- A held document in the form that travels.
function sync.document(app)
  local doc, packed = state.read(app)
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
