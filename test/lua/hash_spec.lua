local hash = require('ballast.hash')
local picker = require('ballast.picker')

local KEYS = 65536

local function servers(weights)
  local list = {}
  for i, weight in ipairs(weights) do
    list[i] = { address = '10.0.' .. i % 7 .. '.' .. i .. ':80', weight = weight }
  end
  return list
end

local function table_of(list)
  local p = picker.new(list, nil, math.random)
  return hash.new(p), p
end

-- The address that each of some keys goes to.
local function owners(list, keys)
  local h, p = table_of(list)
  local owner = {}
  for key = 1, keys do owner[key] = p.addresses[hash.pick(h, key * 2654435)] end
  return owner
end

local function count(owner)
  local counts = {}
  for _, address in ipairs(owner) do counts[address] = (counts[address] or 0) + 1 end
  return counts
end

-- How many keys changed between two of the servers that are in both.
local function moved(before, after, changed)
  local n = 0
  for key = 1, #before do
    local apart = before[key] ~= after[key]
    if apart and not changed[before[key]] and not changed[after[key]] then n = n + 1 end
  end
  return n
end

describe('hash', function()
  before_each(function() math.randomseed(11) end)

  it('gives shares within a percentage point of the weights', function()
    local cases = { { 1, 1 }, { 10, 10, 5 }, { 65535, 1 }, { 70, 20, 9, 1 }, { 300, 200, 100, 50 } }
    for _ = 1, 4 do
      local weights = {}
      for i = 1, math.random(2, 12) do weights[i] = math.random(1, 65535) end
      cases[#cases + 1] = weights
    end
    for _, weights in ipairs(cases) do
      local list, total = servers(weights), 0
      for _, weight in ipairs(weights) do total = total + weight end
      local counts = count(owners(list, KEYS))
      for i, server in ipairs(list) do
        local share = (counts[server.address] or 0) / KEYS
        assert.is_true(math.abs(share - weights[i] / total) < 0.01)
      end
    end
  end)

  it('gives every one of many servers its share', function()
    local weights = {}
    for i = 1, 300 do weights[i] = 1 + i % 3 end
    local list = servers(weights)
    local counts = count(owners(list, 60000))
    for i, server in ipairs(list) do
      local ideal = 60000 * weights[i] / 600
      assert.is_true(math.abs(counts[server.address] - ideal) < 7 * math.sqrt(ideal))
    end
  end)

  it('moves only the keys of a server that leaves, comes, or changes its weight', function()
    for _, n in ipairs({ 3, 10, 16, 17, 40 }) do
      local weights = {}
      for i = 1, n do weights[i] = math.random(1, 100) end
      local list = servers(weights)
      local before = owners(list, 5000)
      local one = math.random(1, n)
      local changed = { [list[one].address] = true }
      for _, weight in ipairs({ 0, math.floor(weights[one] / 2), weights[one] * 3 }) do
        list[one] = { address = list[one].address, weight = weight }
        local after = owners(list, 5000)
        assert.equal(0, moved(before, after, changed))
        if weight == 0 then assert.is_nil(count(after)[list[one].address]) end
        if weight > weights[one] then
          for key = 1, 5000 do
            if changed[before[key]] then assert.equal(before[key], after[key]) end
          end
        end
      end
    end
  end)

  it('scales all weights without moving a key', function()
    local before = owners(servers({ 3, 5, 7 }), 5000)
    assert.same(before, owners(servers({ 6, 10, 14 }), 5000))
  end)

  it('goes on to the next in the key\'s order', function()
    local list = servers({ 5, 3, 9, 1, 4 })
    local h, p = table_of(list)
    for key = 1, 500 do
      local allowed = { true, true, true, true, true }
      for _ = 1, 5 do
        local k = hash.among(h, key, allowed)
        local rest = {}
        for i = 1, 5 do if allowed[i] then rest[#rest + 1] = list[i] end end
        local others, q = table_of(rest)
        assert.equal(q.addresses[hash.pick(others, key)], p.addresses[k])
        allowed[k] = false
      end
      assert.is_nil(hash.among(h, key, allowed))
    end
  end)

  it('remembers what it has asked', function()
    local h = table_of(servers({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9 }))
    for key = 1, 3000 do
      local first = hash.pick(h, key * 7919)
      assert.equal(first, hash.pick(h, key * 7919))
      local all = {}
      for i = 1, 18 do all[i] = true end
      assert.equal(first, hash.among(h, key * 7919, all))
    end
  end)
end)
