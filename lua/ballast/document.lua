-- Documents: what is published for one app.
--
-- In: body text (canonical or any JSON form). Out: a checked upstream `{app, hosts?, servers,
-- policy}`, its canonical bytes, and its packed form for shared memory (packed); manifest lines,
-- and the bytes that stamps are kept in.
-- On failure: nil and a message that names the place, `servers[2].weight: ...`.
-- Pure: no ngx, so that plain Lua runs its tests. The digest is made where ngx.sha1_bin is (sync).

local span = require('ballast.span')
local canonical = require('ballast.canonical')
local digests = require('ballast.digests')
local json = require('ballast.json')
local names = require('ballast.names')
local packed = require('ballast.packed')
local policy = require('ballast.policy')

local byte, char, format, match, sub =
  string.byte, string.char, string.format, string.match, string.sub
local concat, floor, sort = table.concat, math.floor, table.sort

local MAX_WEIGHT = 65535
local MAX_SERVERS = canonical.MAX_SERVERS
local OWNERS = { controller = true, endpoint = true }
local KEYS = { app = true, hosts = true, servers = true, policy = true }
local SERVER_KEYS = { address = true, weight = true, from = true, auto = true }

local document = {}

local function whole(value, max)
  return type(value) == 'number' and value >= 0 and value <= max and value % 1 == 0
end

local function unknown_key(object, known)
  for key in pairs(object) do
    if not known[key] then return key end
  end
end

local function check_server(server, place)
  if not json.is_object(server) then return nil, place .. ': an object expected' end
  local key = unknown_key(server, SERVER_KEYS)
  if key then return nil, place .. ': unknown key "' .. key .. '"' end
  if not names.check_address(server.address) then
    return nil, place .. '.address: "IPv4:port" or "[IPv6]:port" expected'
  end
  if not whole(server.weight, MAX_WEIGHT) then
    return nil, place .. '.weight: a whole number from 0 to 65535 expected'
  end
  if not names.check_from(server.from) then
    return nil, place .. '.from: a cluster\'s name or "vm" expected'
  end
  if server.auto ~= nil and not whole(server.auto, MAX_WEIGHT) then
    return nil, place .. '.auto: a whole number from 0 to 65535 expected'
  end
  return true
end

local function check_servers(servers)
  if not json.is_array(servers) then return nil, 'servers: an array expected' end
  if #servers > MAX_SERVERS then return nil, 'servers: more than ' .. MAX_SERVERS end
  local seen = {}
  for i, server in ipairs(servers) do
    local place = 'servers[' .. (i - 1) .. ']'
    local ok, why = check_server(server, place)
    if not ok then return nil, why end
    if seen[server.address] then
      return nil, place .. '.address: "' .. server.address .. '" stands there twice'
    end
    seen[server.address] = true
  end
  return true
end

local function check_hosts(hosts)
  if hosts == nil then return true end
  if not json.is_array(hosts) then return nil, 'hosts: an array expected' end
  local seen = {}
  for i, host in ipairs(hosts) do
    local place = 'hosts[' .. (i - 1) .. ']'
    if not names.check_host(host) then return nil, place .. ': a lower-case DNS name expected' end
    if seen[host] then return nil, place .. ': "' .. host .. '" stands there twice' end
    seen[host] = true
  end
  return true
end

local function check(body)
  if not json.is_object(body) then return nil, 'body: an object expected' end
  local key = unknown_key(body, KEYS)
  if key then return nil, 'body: unknown key "' .. tostring(key) .. '"' end
  local ok, why = names.check_name(body.app)
  if ok then ok, why = check_hosts(body.hosts) end
  if ok then ok, why = check_servers(body.servers) end
  if ok then ok, why = policy.check(body.policy) end
  return ok, why
end

local function by_address(a, b)
  return a.address < b.address
end

-- Any JSON form of a body. Returns the upstream, hosts and servers sorted.
function document.parse(text)
  local body, why = json.decode(text)
  if body == nil then return nil, 'body: ' .. why end
  local ok
  ok, why = check(body)
  if not ok then return nil, why end
  sort(body.servers, by_address)
  if body.hosts then sort(body.hosts) end
  return body
end

local function encode_server(server)
  return '{"address":"' .. server.address
    .. (server.auto and format('","auto":%d,"from":"', server.auto) or '","from":"')
    .. server.from .. format('","weight":%d}', server.weight)
end

-- The canonical bytes: equal to json.encode, written out because an edge that reports or gathers
-- makes thousands of them. Nothing in a checked upstream needs an escape.
function document.encode(upstream)
  local servers = {}
  for i, server in ipairs(upstream.servers) do servers[i] = encode_server(server) end
  local hosts = ''
  if upstream.hosts then
    hosts = #upstream.hosts == 0 and ',"hosts":[]'
      or ',"hosts":["' .. concat(upstream.hosts, '","') .. '"]'
  end
  return '{"app":"' .. upstream.app .. '"' .. hosts .. ',"policy":'
    .. policy.encode(upstream.policy) .. ',"servers":[' .. concat(servers, ',') .. ']}'
end

-- Bytes that must already be canonical, as stored, sent and hashed. Returns the packed form, behind
-- the bytes of a stamp where its parts are given: mark, digest and owner.
function document.take(app, body, mark, digest, owner)
  local ok, why = names.check_name(app)
  if not ok then return nil, why end
  local form = canonical.read(app, body, mark, digest, owner)
  if form then return form end
  local stamp = mark and mark .. digest .. owner or ''
  local text = span.text(body)
  if names.is_reserved(app) then
    local object
    object, why = json.decode(text)
    if object == nil then return nil, 'body: ' .. why end
    if not json.is_object(object) then return nil, 'body: an object expected' end
    return stamp .. text
  end
  local upstream
  upstream, why = document.parse(text)
  if not upstream then return nil, why end
  if upstream.app ~= app then return nil, 'app: "' .. upstream.app .. '" is not "' .. app .. '"' end
  if document.encode(upstream) ~= text then return nil, 'body: not canonical' end
  return stamp .. packed.pack(upstream)
end

-- The packed form of a reserved document is its bytes.
function document.bytes(app, form)
  return names.is_reserved(app) and form or packed.bytes(app, form)
end

document.pack, document.unpack = packed.pack, packed.unpack
document.each_server, document.may_use = packed.each_server, packed.may_use
document.special_policy, document.address_set = packed.special_policy, packed.address_set
document.host_names, document.host_list = packed.host_names, packed.list
document.same_hosts = packed.same_hosts

-- A manifest line: `TERM VERSION DIGEST OWNER`.
function document.line(stamp)
  return format('%.0f %.0f %s %s', stamp.term, stamp.version, stamp.digest, stamp.owner)
end

function document.read_line(text)
  local term, version, digest, owner = match(text, '^(%d+) (%d+) (%S+) (%S+)')
  if not term then return nil end
  return { term = tonumber(term), version = tonumber(version), digest = digest, owner = owner }
end

-- ---- the same in STAMP_BYTES bytes, for shared memory and snapshot

-- 7 bytes hold what a double counts exactly.
local function count(n)
  local high, low = floor(n / 0x1000000), n % 0x1000000
  return char(floor(high / 0x1000000), floor(high / 0x10000) % 256, floor(high / 256) % 256,
    high % 256, floor(low / 0x10000), floor(low / 256) % 256, low % 256)
end

local function read_count(text, at)
  local a, b, c, d, e, f, g = byte(text, at, at + 6)
  return (((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256 + g
end

document.STAMP_BYTES = 35
-- Where the packed form stands behind it.
document.BODY = 36
local DELETED = ('\0'):rep(20)

local last_term, last_version, last_mark

-- What stands before and behind the digest: the documents of a push mostly have one mark.
function document.stamp_parts(stamp)
  local term, version = stamp.term, stamp.version
  if term ~= last_term or version ~= last_version then
    last_term, last_version, last_mark = term, version, count(term) .. count(version)
  end
  return last_mark, stamp.owner == 'endpoint' and 'e' or 'c'
end

-- `digest_bytes`, where it is known, spares its reading.
function document.pack_stamp(stamp, digest_bytes)
  local mark, owner = document.stamp_parts(stamp)
  local digest = digest_bytes or stamp.digest == '-' and DELETED or digests.bytes(stamp.digest)
  return mark .. digest .. owner
end

-- What stands behind the stamp; nil: deleted.
function document.body(text)
  return #text > document.STAMP_BYTES and sub(text, document.STAMP_BYTES + 1) or nil
end

function document.has_body(text)
  return #text > document.STAMP_BYTES
end

function document.digest_bytes(text)
  return sub(text, 15, 34)
end

function document.read_stamp(text)
  return { term = read_count(text, 1), version = read_count(text, 8),
    digest = document.digest(text), owner = document.owner(text) }
end

-- Parts of a stamp in its bytes, for those who need no table of all.
function document.digest(text)
  local bytes = sub(text, 15, 34)
  return bytes == DELETED and '-' or digests.hex(bytes)
end

-- Mostly the first byte says that it is another one.
function document.has_digest(text, digest)
  if digest ~= '-' and sub(digest, 1, 2) ~= digests.two(byte(text, 15)) then return false end
  return document.digest(text) == digest
end

function document.owner(text)
  return byte(text, 35) == 101 and 'endpoint' or 'controller'
end

-- As `compare`, of a stamp with one in its bytes.
function document.compare_bytes(stamp, text)
  local term = read_count(text, 1)
  if stamp.term ~= term then return stamp.term < term and -1 or 1 end
  local version = read_count(text, 8)
  return stamp.version < version and -1 or stamp.version > version and 1 or 0
end

function document.is_owner(owner)
  return OWNERS[owner] == true
end

-- Order of stamps: term first. Negative, 0 or positive; nothing held lies below everything.
function document.compare(a, b)
  if not b then return a and 1 or 0 end
  if not a then return -1 end
  if a.term ~= b.term then return a.term < b.term and -1 or 1 end
  if a.version ~= b.version then return a.version < b.version and -1 or 1 end
  return 0
end

-- A whole number that JSON, Redis and a double hold exactly.
function document.is_count(value)
  return whole(value, 2 ^ 53 - 1)
end

return document
