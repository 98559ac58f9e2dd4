-- Lists: the endpoint's long answers, one entry for each app, written part by part.
--
-- In: documents with verdicts, or what is held; a `rest` of pace, called after each. Out: JSON.
-- On failure: nil and a message that names the place.

local census = require('ballast.census')
local document = require('ballast.document')
local json = require('ballast.json')
local probed = require('ballast.probed')
local probes = require('ballast.probes')
local state = require('ballast.state')
local sync = require('ballast.sync')
local system = require('ballast.system')
local writer = require('ballast.writer')

local format, match = string.format, string.match
local concat = table.concat
local quote = json.quote

local lists = {}

-- Terms and versions, which recur in a list: the last two.
local numbers, texts, turn = { -1, -1 }, {}, 1
local function whole(n)
  if n == numbers[1] then return texts[1] end
  if n == numbers[2] then return texts[2] end
  turn = 3 - turn
  numbers[turn], texts[turn] = n, format('%.0f', n)
  return texts[turn]
end

-- The stamp and digest of what is held; nil: nothing is.
local function write_stamp(stamp)
  if not stamp then return '' end
  return ',"digest":"' .. stamp.digest .. '","term":' .. whole(stamp.term) .. ',"version":'
    .. whole(stamp.version)
end

-- A document with its code (sync). What was taken has a name that needs no escapes.
local function put_verdict(out, doc)
  local code = doc.code
  if code == 'applied' or code == 'same' then
    out:put('{"app":"', doc.app, '","code":"', code, '","digest":"', doc.digest, '","term":',
      whole(doc.term), ',"version":', whole(doc.version), '}')
    return
  end
  out:put('{"app":', quote(doc.app), ',"code":"', code, '"',
    doc.detail and ',"detail":' .. quote(doc.detail) or '', write_stamp(doc.held), '}')
end

local function join(list, write, rest)
  local parts = {}
  for i = 1, #list do
    parts[i] = write(list[i])
    rest()
  end
  return concat(parts, ',')
end

function lists.verdicts(documents, rest)
  local out = writer.new()
  out:put('[')
  for i = 1, #documents do
    if i > 1 then out:put(',') end
    put_verdict(out, documents[i])
    rest()
  end
  out:put(']')
  return tostring(out)
end

local function write_line(app)
  return quote(app) .. ':"' .. document.line(state.stamp(app)) .. '"'
end

-- {app: manifest line}
function lists.manifest(rest)
  return '{' .. join(state.apps(), write_line, rest) .. '}'
end

local function write_item(app)
  local stamp = state.stamp(app)
  return '{"app":' .. quote(app) .. (stamp.digest == '-' and ',"deleted":true' or '')
    .. ',"owner":"' .. stamp.owner .. '"' .. write_stamp(stamp) .. '}'
end

function lists.upstreams(rest)
  return '[' .. join(state.apps(), write_item, rest) .. ']'
end

function lists.documents(apps, rest)
  local parts = {}
  for i, app in ipairs(apps) do
    if type(app) ~= 'string' then return nil, 'apps[' .. (i - 1) .. ']: a name expected' end
    local doc = sync.document(app)
    if doc then parts[#parts + 1] = json.encode(doc) end
    rest()
  end
  return '[' .. concat(parts, ',') .. ']'
end

local function write_counts(address, requests, failures, answers, seconds, under_way)
  return quote(address) .. format(':{"answers":%.0f,"failures":%.0f,%s"requests":%.0f,', answers,
    failures, under_way and format('"inFlight":%.0f,', under_way) or '', requests)
    .. format('"seconds":%.17g}', seconds)
end

-- {app: {address: counts}}, in parts (see census): it may be 10 MB.
function lists.counts(asked, with_under_way, rest)
  local apps, parts = {}, { '{' }
  census.each_count(asked, with_under_way, function(name, ...)
    local app, address = match(name, '^(%S+) (%S+)$')
    local list = apps[app] or {}
    list[#list + 1], apps[app] = write_counts(address, ...), list
  end, rest)
  for app, list in pairs(apps) do
    parts[#parts + 1] = (#parts > 1 and ',' or '') .. quote(app) .. ':{' .. concat(list, ',') .. '}'
    rest()
  end
  parts[#parts + 1] = '}'
  return parts
end

-- Every probe that documents ask for, and what it found.
function lists.health(rest)
  local list, now = {}, system.monotonic()
  for key, p in pairs(probes.read(rest)) do
    local unhealthy, since, why = probed.read(key)
    list[#list + 1] = { key = key, item = { address = p.address, probe = p.health,
      healthy = not unhealthy, error = unhealthy and why or nil,
      sinceSeconds = since and math.floor((now - since) * 1000) / 1000 } }
  end
  rest()
  table.sort(list, function(a, b) return a.key < b.key end)
  return '[' .. join(list, function(entry) return json.encode(entry.item) end, rest) .. ']'
end

-- The servers that workers leave alone (census): how many workers, and since when.
function lists.marked(asked)
  local list, now = json.list(), system.monotonic()
  for i, mark in ipairs(census.marked(asked)) do
    list[i] = { address = mark.address, workers = mark.workers, sinceSeconds = now - mark.since }
  end
  return json.encode(list)
end

-- Servers that get no request, or fewer: those that a probe found unhealthy, with what it asks, and
-- those that some worker left alone (`marks`, see census).
function lists.unhealthy(marks)
  local list = json.list()
  for _, key in ipairs(probed.names()) do
    if probed.read(key) then
      local address, path, host, https = probed.parts(key)
      list[#list + 1] = { address = address, path = path, host = host, https = https }
    end
  end
  for _, mark in ipairs(marks) do list[#list + 1] = { address = mark.address } end
  return list
end

return lists
