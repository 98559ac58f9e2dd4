local least = require('ballast.least')
local picker = require('ballast.picker')

local function from_start() return 0 end

local function make(weights, previous, random)
  local list = {}
  for i, weight in ipairs(weights) do list[i] = { address = 'b' .. i, weight = weight } end
  local p = picker.new(list, previous, random or from_start)
  local places = {}
  for i = 1, #p.addresses do places[i] = { count = 0 } end
  return p, places
end

-- Picks that never end.
local function order(weights, n)
  local p, places = make(weights)
  local names = {}
  for i = 1, n do
    local k = least.next(p, places)
    places[k].count = places[k].count + 1
    names[i] = p.addresses[k]
  end
  return table.concat(names, ' ')
end

describe('least', function()
  before_each(function() math.randomseed(5) end)

  it('picks in the golden order', function()
    assert.equal('b1 b2 b3 b1 b2 b1 b3 b1 b2', order({ 300, 200, 100 }, 9))
    assert.equal('b1 b2 b3 b4 b1 b2 b1 b1 b2 b3 b1 b2 b1 b1 b2 b3 b4 b1 b2',
      order({ 300, 200, 100, 50 }, 19))
  end)

  it('takes the lowest count for its weight', function()
    for _ = 1, 2000 do
      local weights = {}
      for i = 1, math.random(1, 20) do weights[i] = math.random(1, 65535) end
      local p, places = make(weights)
      local allowed = {}
      for i = 1, #weights do
        places[i].count, allowed[i] = math.random(0, 50), math.random() < 0.7
      end
      local k = least.next(p, places, allowed)
      if not k then
        for i = 1, #weights do assert.is_false(allowed[i]) end
      else
        assert.is_true(allowed[k])
        for i = 1, #weights do
          local lower = places[i].count * weights[k] < places[k].count * weights[i]
          assert.is_false(allowed[i] and lower)
        end
      end
    end
  end)

  it('shares idle traffic by weight, exactly', function()
    local p, places = make({ 5, 3, 2 })
    local counts = { 0, 0, 0 }
    for _ = 1, 1000 do
      local k = least.next(p, places)
      counts[k] = counts[k] + 1
    end
    assert.same({ 500, 300, 200 }, counts)
  end)

  it('begins by weight, in each worker elsewhere', function()
    local first = { 0, 0, 0 }
    for _ = 1, 4000 do
      local p, places = make({ 60, 30, 10 }, nil, math.random)
      local k = least.next(p, places)
      first[k] = first[k] + 1
    end
    for k, share in ipairs({ 0.6, 0.3, 0.1 }) do
      assert.is_true(math.abs(first[k] / 4000 - share) < 0.04)
    end
  end)

  it('gives a server at 0 nothing', function()
    local p = make({ 1, 0, 1 })
    assert.same({ 'b1', 'b3' }, p.addresses)
    assert.is_nil(picker.new({ { address = 'b1', weight = 0 } }, nil, from_start))
  end)

  it('keeps what servers are owed over updates, and from and to smooth', function()
    local weights, got, p, places = { 7, 3, 1 }, { 0, 0, 0 }, nil, nil
    local worst = 0
    for t = 1, 9000 do
      local smooth = math.floor(t / 5) % 3 == 0
      if t % 5 == 0 or not p then
        if smooth then
          p = picker.new({ { address = 'b1', weight = 7 }, { address = 'b2', weight = 3 },
            { address = 'b3', weight = 1 } }, p, math.random)
        else
          p, places = make(weights, p, math.random)
        end
      end
      local k = smooth and picker.next(p) or least.next(p, places)
      got[k] = got[k] + 1
      for i, weight in ipairs(weights) do
        worst = math.max(worst, math.abs(got[i] - t * weight / 11))
      end
    end
    assert.is_true(worst < 2.5)
  end)
end)
