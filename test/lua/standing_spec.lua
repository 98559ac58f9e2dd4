local standing = require('ballast.standing')

local SERVERS = { { address = 'a', weight = 35, from = 'east' },
  { address = 'b', weight = 10, from = 'east' }, { address = 'c', weight = 55, from = 'west' },
  { address = 'd', weight = 0, from = 'west' } }

local function weigh(policy, view)
  view = view or {}
  local unhealthy = {}
  for address in string.gmatch(view.unhealthy or '', '%a') do unhealthy[address] = true end
  local list, rising = standing.weigh(SERVERS, policy,
    { unhealthy = unhealthy, since = view.since or {}, now = 1000 })
  local parts = {}
  for i, server in ipairs(list) do parts[i] = server.address .. server.weight end
  return table.concat(parts, ' '), rising
end

describe('standing', function()
  it('leaves out unhealthy servers and those at 0', function()
    assert.equal('a35 b10 c55', (weigh({ whenUnhealthy = 'reject' })))
    assert.equal('a35 c55', (weigh({ whenUnhealthy = 'reject' }, { unhealthy = 'bd' })))
  end)

  it('asks the policy where all are unhealthy', function()
    assert.equal('', (weigh({ whenUnhealthy = 'reject' }, { unhealthy = 'abc' })))
    assert.equal('a35 b10 c55', (weigh({ whenUnhealthy = 'spread' }, { unhealthy = 'abcd' })))
  end)

  it('does not look at health where less than panic percent of the weight is healthy', function()
    local policy = { whenUnhealthy = 'reject', panic = 45 }
    assert.equal('a35 b10', (weigh(policy, { unhealthy = 'c' })))
    policy.panic = 46
    assert.equal('a35 b10 c55', (weigh(policy, { unhealthy = 'c' })))
    assert.equal('', (weigh(policy, { unhealthy = 'abc' })))
  end)

  it('lets a new server rise from a tenth to its weight', function()
    local policy = { whenUnhealthy = 'spread', slowStart = { seconds = 60 } }
    local function at(age) return { since = { b = 1000 - age } } end
    assert.equal('a3500 b100 c5500', (weigh(policy, at(0))))
    assert.equal('a3500 b100 c5500', (weigh(policy, at(3))))
    assert.equal('a3500 b500 c5500', (weigh(policy, at(30))))
    local text, rising = weigh(policy, at(59.9))
    assert.equal('a3500 b990 c5500', text)
    assert.is_true(rising)
    text, rising = weigh(policy, at(60))
    assert.equal('a35 b10 c55', text)
    assert.is_false(rising)
  end)

  it('keeps the servers\' clusters', function()
    local list = standing.weigh(SERVERS, { slowStart = { seconds = 60 } },
      { unhealthy = {}, since = { c = 990 }, now = 1000 })
    assert.equal('west', list[3].from)
  end)
end)
