-- The picker with LuaJIT's arrays against the one with plain tables, which the specs run
-- (picker.test.ts).
--
-- In: `seed`. Out: what either one's lap is, and how many picks were compared; or the first that
-- differs.

local random, floor = math.random, math.floor

local function plain_picker()
  local loaded, preloaded, kept = package.loaded, package.preload.ffi, {}
  for _, name in ipairs({ 'ballast.picker', 'ballast.steps', 'ffi' }) do
    kept[name], loaded[name] = loaded[name], nil
  end
  package.preload.ffi = function() error('none') end
  local made = require('ballast.picker')
  for name, module in pairs(kept) do loaded[name] = module end
  package.preload.ffi = preloaded
  return made
end

local KINDS = {
  function() return random(0, 20) end,
  function() return random(0, 65535) end,
  function() return 10 * random(1, 3) end,
  function() return 100 * random(1, 65535) end,
}

local function some_servers(n, weigh)
  local list = {}
  for i = 1, n do list[i] = { address = 's' .. i, weight = weigh() } end
  list[1].weight = list[1].weight + 1
  return list
end

-- The same numbers for both.
local function source(seed)
  local n = 0
  return function()
    n = n + 1
    return (seed * 7.31 * n) % 1
  end
end

math.randomseed(tonumber(ngx.var.arg_seed))
local fast, plain = require('ballast.picker'), plain_picker()
local compared = 0
for round = 1, 150 do
  local a, b
  for update = 1, 5 do
    local n = random(1, round % 15 == 0 and 300 or 20)
    local servers, seed = some_servers(n, KINDS[random(1, #KINDS)]), random()
    a, b = fast.new(servers, a, source(seed)), plain.new(servers, b, source(seed))
    local picks = random(1, 3) == 1 and math.min(3 * a.lap.sum, 3000) or random(1, 200)
    for pick = 1, floor(picks) do
      local k, want = fast.next(a), plain.next(b)
      compared = compared + 1
      if k ~= want then
        return ngx.say('differs: round ', round, ', update ', update, ', pick ', pick)
      end
    end
  end
end
local servers = some_servers(2, KINDS[1])
local a, b = fast.new(servers, nil, random), plain.new(servers, nil, random)
ngx.say(type(a.lap), ' ', type(b.lap), ' ', compared)
