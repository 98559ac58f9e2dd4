-- Probes: which ones the held documents ask for.
--
-- In: the documents. Out: for each probe its key (probed), the server's address, and what is asked
-- of it; one for all apps that ask the same of an address. Never fails.
-- Servers at weight 0 are probed too: their health is known when they come back.

local document = require('ballast.document')
local listeners = require('ballast.listeners')
local json = require('ballast.json')
local names = require('ballast.names')
local probed = require('ballast.probed')
local state = require('ballast.state')

local find = string.find

local probes = {}

local function add(into, _, address)
  if listeners.is_own(address) then return end
  local key = address .. into.suffix
  into.list[key] = into.list[key] or { key = key, address = address, health = into.health }
end

-- Most apps have a plain policy; those that have another have few of them.
local function read_policy(known, text)
  local seen = known[text]
  if seen == nil then
    local health = find(text, '"health"', 1, true) and json.decode(text).health
    seen = health and { health = health, suffix = probed.suffix(health) } or false
    known[text] = seen
  end
  return seen
end

-- `rest`: see pace. Returns the probes by their key.
function probes.read(rest)
  local list, known = {}, {}
  for _, app in ipairs(state.apps()) do
    local held = not names.is_reserved(app) and state.held(app)
    local text = held and document.has_body(held) and document.special_policy(held, document.BODY)
    local asked = text and read_policy(known, text)
    if asked then
      asked.list = list
      document.each_server(held, add, asked, document.BODY)
    end
    rest()
  end
  return list
end

return probes
