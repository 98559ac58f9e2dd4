local picker = require('ballast.picker')

local NAMES = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm' }

local function servers(weights)
  local list = {}
  for i, weight in ipairs(weights) do
    list[i] = { address = NAMES[i] or tostring(i), weight = weight }
  end
  return list
end

local function from_start() return 0 end

local function take(p, n)
  local counts, order = {}, {}
  for i = 1, n do
    local address = p.addresses[picker.next(p)]
    counts[address] = (counts[address] or 0) + 1
    order[i] = address
  end
  return counts, table.concat(order)
end

local function sum(weights)
  local total = 0
  for _, weight in ipairs(weights) do total = total + weight end
  return total
end

describe('picker', function()
  before_each(function() math.randomseed(7) end)

  it('writes laps in Tijdeman\'s order', function()
    for _, case in ipairs({
      { { 5, 1, 1 }, 'aabaaca' },
      { { 11, 3 }, 'aabaaaabaaabaa' },
      { { 3, 2, 1 }, 'abacba' },
      { { 2, 2, 1 }, 'abcab' },
      { { 4, 3, 2, 1 }, 'abcabadcba' },
      { { 7, 3 }, 'abaaabaaba' },
    }) do
      local p = picker.new(servers(case[1]), nil, from_start)
      local _, order = take(p, sum(case[1]))
      assert.equal(case[2], order)
    end
  end)

  it('counts as the golden cases do, from any start', function()
    for _, case in ipairs({
      { { 1, 1, 1 }, 12, { 4, 4, 4 } }, { { 1, 2, 3 }, 12, { 2, 4, 6 } },
      { { 3, 2, 1 }, 12, { 6, 4, 2 } }, { { 1, 1 }, 12, { 6, 6 } },
      { { 3, 0, 1 }, 12, { 9, nil, 3 } }, { { 5 }, 12, { 12 } },
      { { 100, 50 }, 30, { 20, 10 } }, { { 0, 50 }, 30, { nil, 30 } },
      { { 10, 10, 5 }, 50, { 20, 20, 10 } }, { { 10, 15 }, 50, { 20, 30 } },
      { { 5, 5, 10 }, 40, { 10, 10, 20 } }, { { 25, 25, 10 }, 120, { 50, 50, 20 } },
    }) do
      local p = picker.new(servers(case[1]), nil, math.random)
      local counts = take(p, case[2])
      for i = 1, #case[1] do assert.equal(case[3][i], counts[NAMES[i]]) end
    end
  end)

  it('has no picker for no server above 0', function()
    assert.is_nil(picker.new({}, nil, from_start))
    assert.is_nil(picker.new(servers({ 0, 0 }), nil, from_start))
  end)

  it('never strays a whole pick from a share, counted from a lap\'s start', function()
    for _ = 1, 300 do
      local weights = {}
      for i = 1, math.random(1, 13) do weights[i] = math.random(1, 60) end
      local p, total = picker.new(servers(weights), nil, from_start), sum(weights)
      local counts, worst = {}, 0
      for t = 1, 2 * total do
        local k = picker.next(p)
        counts[k] = (counts[k] or 0) + 1
        for i, weight in ipairs(weights) do
          worst = math.max(worst, math.abs((counts[i] or 0) - t * weight / total))
        end
      end
      assert.is_true(worst < 1)
    end
  end)

  it('is exact where a lap is too long to be written out', function()
    local weights = { 1, 65535, 3000, 7 }
    local p = picker.new(servers(weights), nil, from_start)
    local counts = take(p, sum(weights))
    assert.is_true(p.lap.filled < 100)
    for i, weight in ipairs(weights) do
      assert.is_true(math.abs(counts[NAMES[i]] - weight) <= 1)
    end
  end)

  it('is exact for more servers than a byte can number', function()
    local weights = {}
    for i = 1, 300 do weights[i] = 1 + i % 3 end
    local p = picker.new(servers(weights), nil, math.random)
    local counts = take(p, sum(weights))
    for i, weight in ipairs(weights) do assert.equal(weight, counts[NAMES[i] or tostring(i)]) end
  end)

  -- How far the picks of a server ever strayed from the sum of its shares.
  local function stray_under_updates(weigh, updates, picks)
    local p, ideal, got, worst = nil, {}, {}, 0
    for update = 1, updates do
      local weights = weigh(update)
      p = picker.new(servers(weights), p, math.random)
      local total = sum(weights)
      for _ = 1, picks do
        local k = p.addresses[picker.next(p)]
        got[k] = (got[k] or 0) + 1
        for i, weight in ipairs(weights) do
          local name = NAMES[i]
          ideal[name] = (ideal[name] or 0) + weight / total
          worst = math.max(worst, math.abs((got[name] or 0) - ideal[name]))
        end
      end
    end
    return worst, got
  end

  it('keeps the shares under an update every 10 picks, for 10,000 picks', function()
    local worst, got = stray_under_updates(function() return { 70, 20, 9, 1 } end, 1000, 10)
    assert.is_true(worst < 2.5)
    for name, share in pairs({ a = 0.70, b = 0.20, c = 0.09, d = 0.01 }) do
      assert.is_true(math.abs(got[name] / 10000 - share) < 0.001)
    end
  end)

  it('keeps the shares under an update at every pick, and every lap and a bit', function()
    for _, picks in ipairs({ 1, 3, 4, 11, 12 }) do
      local worst = stray_under_updates(function() return { 7, 3, 1 } end, 2000, picks)
      assert.is_true(worst < 2.5)
    end
  end)

  it('keeps the shares when the weights wander', function()
    local worst = stray_under_updates(function()
      return { math.random(1, 40), math.random(1, 40), math.random(1, 40), math.random(1, 40) }
    end, 10000, 7)
    assert.is_true(worst < 2.5)
  end)

  it('gives a server that left nothing, and a new one its share at once', function()
    local p = picker.new(servers({ 5, 5, 5 }), nil, math.random)
    take(p, 4)
    local changed = { { address = 'b', weight = 5 }, { address = 'x', weight = 10 } }
    p = picker.new(changed, p, math.random)
    local counts = take(p, 300)
    assert.is_nil(counts.a)
    assert.is_true(math.abs(counts.x - 200) < 2)
  end)

  it('starts workers in proportion to the weights', function()
    local first = {}
    for _ = 1, 4000 do
      local p = picker.new(servers({ 60, 30, 10 }), nil, math.random)
      local name = p.addresses[picker.next(p)]
      first[name] = (first[name] or 0) + 1
    end
    assert.is_true(math.abs(first.a / 4000 - 0.6) < 0.04)
    assert.is_true(math.abs(first.c / 4000 - 0.1) < 0.03)
    first = {}
    for _ = 1, 4000 do
      local p = picker.new(servers({ 6001, 3000, 999 }), nil, math.random)
      local name = p.addresses[picker.next(p)]
      first[name] = (first[name] or 0) + 1
    end
    assert.is_true(math.abs(first.a / 4000 - 0.6) < 0.04)
    assert.is_true(math.abs(first.c / 4000 - 0.1) < 0.03)
  end)
end)
