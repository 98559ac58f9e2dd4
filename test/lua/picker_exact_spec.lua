-- The picker against exact arithmetic: random weights, numbers of servers, updates, workers.
-- Shares are compared by cross-multiplied whole numbers, which doubles hold exactly.

local picker = require('ballast.picker')

local function servers(weights, names)
  local list = {}
  for i, weight in ipairs(weights) do
    list[i] = { address = names and names[i] or 's' .. i, weight = weight }
  end
  return list
end

local function from_start() return 0 end

local function sum(weights)
  local total = 0
  for _, weight in ipairs(weights) do total = total + weight end
  return total
end

-- Small, large, alike, one that outweighs all; some of them 0.
local KINDS = {
  function() return math.random(0, 20) end,
  function() return math.random(0, 65535) end,
  function() return 10 * math.random(1, 3) end,
  function(i) return i == 1 and 65535 or math.random(0, 2) end,
  function(i) return i % 2 == 0 and 65535 or 65534 end,
}

local function weights_of(n, kind)
  local weights = {}
  for i = 1, n do weights[i] = KINDS[kind](i) end
  weights[math.random(1, n)] = math.random(1, 65535)
  return weights
end

-- Numbers of servers: mostly few, up to 300.
local function some_servers()
  local r = math.random()
  return r < 0.6 and math.random(1, 13) or r < 0.9 and math.random(14, 60) or math.random(61, 300)
end

-- Picks by the rule itself: among the servers owed S/(2n-2) the one with the earliest deadline.
-- Both compared without a division.
local function by_rule(weights, picks)
  local n, total, owed, order = #weights, sum(weights), {}, {}
  local m = n > 1 and 2 * n - 2 or 1
  for i = 1, n do owed[i] = 0 end
  for t = 1, picks do
    local best
    for i = 1, n do
      owed[i] = owed[i] + weights[i]
      local released = n == 1 or owed[i] * m >= total
      local late = best and ((total - owed[i]) * m - total) * weights[best]
        < ((total - owed[best]) * m - total) * weights[i]
      if released and (not best or late) then best = i end
    end
    owed[best] = owed[best] - total
    order[t] = best
  end
  return order
end

local function without_common_factor(weights)
  local function gcd(a, b)
    while b ~= 0 do a, b = b, a % b end
    return a
  end
  local list, divisor = {}, 0
  for _, weight in ipairs(weights) do
    if weight > 0 then
      list[#list + 1] = weight
      divisor = gcd(divisor, weight)
    end
  end
  for i = 1, #list do list[i] = list[i] / divisor end
  return list
end

describe('picker, exactly', function()
  before_each(function() math.randomseed(20260105) end)

  it('follows the rule, step for step, in whole numbers', function()
    for round = 1, 60 do
      local weights = weights_of(some_servers(), round % #KINDS + 1)
      local p = picker.new(servers(weights), nil, from_start)
      local rule = by_rule(without_common_factor(weights), 300)
      for t = 1, 300 do assert.equal(rule[t], picker.next(p)) end
    end
  end)

  it('is never a whole pick off from a lap\'s start, nor two in any window', function()
    for round = 1, 60 do
      local weights = weights_of(some_servers(), round % #KINDS + 1)
      local p, total, picks = picker.new(servers(weights), nil, from_start), sum(weights), {}
      local above = {}
      for _, weight in ipairs(weights) do if weight > 0 then above[#above + 1] = weight end end
      local low, high = {}, {}
      for t = 1, 1000 do
        local k = picker.next(p)
        picks[k] = (picks[k] or 0) + 1
        for i = 1, #above do
          local off = (picks[i] or 0) * total - t * above[i]
          assert.is_true(math.abs(off) < total)
          low[i], high[i] = math.min(low[i] or 0, off), math.max(high[i] or 0, off)
        end
      end
      for i = 1, #above do assert.is_true(high[i] - low[i] < 2 * total) end
    end
  end)

  it('gives each lap its weights, from any start, also when it is read back', function()
    for round = 1, 60 do
      local weights = {}
      for i = 1, math.random(1, 9) do weights[i] = math.random(0, 30) end
      weights[1] = math.random(1, 30)
      weights = without_common_factor(weights)
      local total = sum(weights)
      local p = picker.new(servers(weights), nil, math.random)
      for _ = 1, 3 do
        local counts = {}
        for _ = 1, total do
          local k = picker.next(p)
          counts[k] = (counts[k] or 0) + 1
        end
        assert.same(weights, counts)
      end
      assert.equal(total, p.lap.filled, round)
    end
  end)

  it('is less than two picks off in the lap after an update, whatever changed', function()
    for round = 1, 40 do
      local n, p, random = some_servers(), nil, round % 2 == 0 and math.random or from_start
      for update = 1, 15 do
        local kind = (round + (update % 3 == 0 and update or 0)) % #KINDS + 1
        p = picker.new(servers(weights_of(n, kind)), p, random)
        local counts = {}
        local total = p.lap.sum
        for t = 1, math.random(1, math.min(total, 100)) do
          local k = picker.next(p)
          counts[k] = (counts[k] or 0) + 1
          for i = 1, #p.addresses do
            local off = (counts[i] or 0) * total - t * p.servers[i].weight
            assert.is_true(math.abs(off) < 2 * total)
          end
        end
      end
    end
  end)

  -- More is due at once than there are picks: ten servers are owed 0.9 each, by ninety that hardly
  -- ever come up now.
  it('does not heap what is late upon the heaviest server', function()
    local before, after, credits = {}, {}, {}
    for i = 1, 101 do
      before[i] = 1
      after[i] = i == 1 and 2000 or i <= 11 and 200 or 1
      credits[i] = i == 1 and 0 or i <= 11 and 0.9 * 101 or -0.1 * 101
    end
    local p = picker.new(servers(before), nil, from_start)
    for i = 1, 101 do p.servers[i].credit = credits[i] end
    p = picker.new(servers(after), p, from_start)
    local counts = {}
    for t = 1, 200 do
      local k = picker.next(p)
      counts[k] = (counts[k] or 0) + 1
      for i = 1, 101 do
        assert.is_true(math.abs((counts[i] or 0) - t * after[i] / p.lap.sum) < 2)
      end
    end
  end)

  -- Servers come and go, weights change, 10 picks each: 10,000 picks.
  it('keeps shares within a tenth of a point under an update every 10 picks', function()
    for round = 1, 6 do
      local n, p, got, ideal = math.random(3, 30), nil, {}, {}
      local present = {}
      for i = 1, n do present[i] = true end
      for update = 1, 1000 do
        local weights, names = {}, {}
        if update % 7 == 0 then
          local i = math.random(2, n)
          present[i] = not present[i]
        end
        for i = 1, n do
          if present[i] then
            weights[#weights + 1] = round % 2 == 0 and 10 * i or math.random(0, 40)
            names[#names + 1] = 's' .. i
          end
        end
        weights[1] = weights[1] + 1
        p = picker.new(servers(weights, names), p, math.random)
        for _ = 1, 10 do
          local name = p.addresses[picker.next(p)]
          got[name] = (got[name] or 0) + 1
        end
        local total = sum(weights)
        for i, name in ipairs(names) do
          ideal[name] = (ideal[name] or 0) + 10 * weights[i] / total
        end
      end
      for name, picks in pairs(ideal) do
        assert.is_true(math.abs((got[name] or 0) - picks) <= 10)
      end
    end
  end)

  -- Each worker has a picker of its own; all take the same updates and as many requests.
  local function busiest(workers, updates, requests, weigh)
    local pickers, mean = {}, 0
    for update = 1, updates do
      local weights = weigh(update)
      local total, counts, worst = sum(weights), {}, 0
      for worker = 1, workers do
        pickers[worker] = picker.new(servers(weights), pickers[worker], math.random)
        for _ = 1, requests do
          local name = pickers[worker].addresses[picker.next(pickers[worker])]
          counts[name] = (counts[name] or 0) + 1
        end
      end
      for i, weight in ipairs(weights) do
        local ideal = workers * requests * weight / total
        worst = math.max(worst, (counts['s' .. i] or 0) / ideal)
      end
      mean = mean + worst / updates
    end
    return mean
  end

  it('does not let 64 workers in step overload one server', function()
    for _, weigh in ipairs({
      function() return { 10, 10, 10, 10, 10, 10, 10, 10, 10, 10 } end,
      function(update) return { 35, 35, 10, 20, 30 + update % 7, 25 } end,
      function(update) return { 65535 - update, 40000, 50001, 30000, 20011 } end,
    }) do
      assert.is_true(busiest(64, 1000, 20, weigh) <= 1.05)
    end
  end)

  it('lets no worker begin where the others do when all servers are new ones', function()
    local counts = {}
    for _ = 1, 4000 do
      local p = picker.new(servers({ 5, 3 }, { 'x', 'y' }), nil, math.random)
      p = picker.new(servers({ 60, 30, 10 }), p, math.random)
      local name = p.addresses[picker.next(p)]
      counts[name] = (counts[name] or 0) + 1
    end
    assert.is_true(math.abs(counts.s1 / 4000 - 0.6) < 0.04)
    assert.is_true(math.abs(counts.s3 / 4000 - 0.1) < 0.03)
  end)

  it('starts by weight where weights are far apart, and long laps too', function()
    for _, weights in ipairs({ { 99, 1 }, { 64900, 649, 1 }, { 60001, 30000, 9998 } }) do
      local counts, total = {}, sum(weights)
      for _ = 1, 4000 do
        local p = picker.new(servers(weights), nil, math.random)
        local k = picker.next(p)
        counts[k] = (counts[k] or 0) + 1
      end
      for k, weight in ipairs(weights) do
        local ideal = 4000 * weight / total
        assert.is_true(math.abs((counts[k] or 0) - ideal) <= 5 * math.sqrt(ideal) + 2)
      end
    end
  end)
end)
