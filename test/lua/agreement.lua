-- Both readers of bodies, and the JSON reader, asked from outside (agreement.test.ts).
--
-- In: a POST of {bodies: [{app, body}], calls: [...], texts: [...]}. Out: for each body what the
-- fast reader and the general one made of it, in hex, and the bytes that come out again; whether a
-- push reads it alike; for each call what it says, read as a push is, and as any JSON; for each
-- text its value written anew.

local canonical = require('ballast.canonical')
local document = require('ballast.document')
local json = require('ballast.json')
local span = require('ballast.span')

local function hex(text)
  return (string.gsub(text, '.', function(c) return string.format('%02x', string.byte(c)) end))
end

local function general(app, bytes)
  local upstream, why = document.parse(bytes)
  if not upstream then return nil, why end
  if upstream.app ~= app then return nil, 'app' end
  if document.encode(upstream) ~= bytes then return nil, 'not canonical' end
  return document.pack(upstream)
end

-- As a push brings it: not as a string.
local function pushed(bodies)
  local text = json.encode({ documents = bodies })
  local arena = span.arena(#text + 1)
  local how = { rest = function() end, name = 'body', arena = arena }
  return json.decode(text, how).documents, arena
end

local function without_spans(value)
  if type(value) == 'cdata' then return span.text(value) end
  if type(value) == 'table' then
    for key, member in pairs(value) do value[key] = without_spans(member) end
  end
  return value
end

-- A call written anew, or what is wrong with it.
local function read_call(text, how)
  local value, why = json.decode(text, how)
  if value == nil then return why end
  return json.encode(without_spans(value))
end

ngx.req.read_body()
local data = ngx.req.get_body_data()
if not data then
  local file = assert(io.open(ngx.req.get_body_file(), 'rb'))
  data = file:read('*a')
  file:close()
end
local asked = assert(json.decode(data))
local bodies, calls, texts = json.list(), json.list(), json.list()
local spans, arena = pushed(asked.bodies)
for i, item in ipairs(asked.bodies) do
  local text = spans[i].body
  local same = span.text(text) == item.body
    and canonical.read(item.app, text) == canonical.read(item.app, item.body)
  local fast, slow, why = canonical.read(item.app, item.body), general(item.app, item.body)
  local taken = document.take(item.app, item.body)
  bodies[i] = { fast = fast and hex(fast), general = slow and hex(slow), why = why,
    taken = taken ~= nil,
    pushed = same and type(text) or 'otherwise', bytes = slow and document.bytes(item.app, slow) }
end
span.give_back(arena)
for i, text in ipairs(asked.calls) do
  arena = span.arena(#text + 1)
  calls[i] = { pushed = read_call(text, { rest = function() end, name = 'body', arena = arena }),
    plain = read_call(text) }
  span.give_back(arena)
end
for i, text in ipairs(asked.texts) do
  local value, why = json.decode(text)
  texts[i] = value == nil and { why = why } or { value = json.encode(value) }
end
ngx.say(json.encode({ bodies = bodies, calls = calls, texts = texts }))
