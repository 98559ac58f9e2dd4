local document = require('ballast.document')
local json = require('ballast.json')
local packed = require('ballast.packed')

local function upstream(servers, hosts)
  return { app = 'a', hosts = hosts, servers = json.list(servers),
    policy = { balance = 'smooth', whenUnhealthy = 'spread' } }
end

local function server(i, rest)
  local result = { address = '10.0.0.' .. i .. ':80', from = 'east', weight = i }
  for key, value in pairs(rest or {}) do result[key] = value end
  return result
end

local function comes_back(value)
  local text = packed.pack(value)
  assert.same(value, packed.unpack('a', text))
  assert.equal(document.encode(value), packed.bytes('a', text))
  return text
end

describe('packed', function()
  it('brings every kind of server back', function()
    comes_back(upstream({}))
    comes_back(upstream({ server(1), server(2, { auto = 0 }), server(3, { auto = 65535 }),
      server(4, { weight = 65535, from = 'vm' }), server(5, { address = '[::1]:8080' }),
      server(6, { address = '[fe80::1:2]:80', auto = 7, from = 'west' }) }))
  end)

  it('keeps no hosts, an empty list and many hosts apart', function()
    comes_back(upstream({ server(1) }))
    comes_back(upstream({ server(1) }, json.list({})))
    local many = json.list()
    for i = 1, 200 do many[i] = 'host-' .. (1000 + i) .. '.example' end
    local text = comes_back(upstream({ server(1) }, many))
    assert.equal(table.concat(many, ','), packed.host_names(text))
    assert.is_nil(packed.host_names(packed.pack(upstream({}))))
  end)

  it('writes more clusters than have numbers', function()
    local servers = {}
    for i = 1, 100 do
      servers[i] = server(i, { from = 'c-' .. i, auto = i % 2 == 0 and i or nil })
    end
    comes_back(upstream(servers))
  end)

  it('takes seven bytes for a server whose cluster and port are there already', function()
    local one = packed.pack(upstream({ server(1) }))
    local two = packed.pack(upstream({ server(1), server(2) }))
    assert.equal(7, #two - #one)
  end)

  it('visits servers in their order, without a table for each', function()
    local seen = {}
    local n = packed.each_server(packed.pack(upstream({ server(1), server(2, { auto = 9 }) },
      json.list({ 'a.b' }))), function(into, i, ...) into[i] = { ... } end, seen)
    assert.equal(2, n)
    assert.same({ '10.0.0.2:80', 2, 'east', 9 }, seen[2])
    assert.same({ '10.0.0.1:80', 1, 'east' }, seen[1])
  end)

  it('tells which ports are surely not used', function()
    local text = packed.pack(upstream({ server(1), server(2, { address = '10.0.0.2:8080' }) }))
    assert.is_true(packed.may_use(text, { [80] = true }))
    assert.is_true(packed.may_use(text, { [8080] = true }))
    assert.is_false(packed.may_use(text, { [81] = true }))
    text = packed.pack(upstream({ server(1, { address = '[::1]:9' }) }))
    assert.is_true(packed.may_use(text, {}))
  end)

  it('makes stamps of 35 bytes, exact above 10^14', function()
    for _, stamp in ipairs({
      { term = 0, version = 0, digest = '-', owner = 'controller' },
      { term = 2 ^ 53 - 1, version = 2 ^ 53 - 1, digest = ('0f'):rep(20), owner = 'endpoint' },
      { term = 131072000012345, version = 256, digest = ('a1'):rep(20), owner = 'controller' },
    }) do
      local bytes = document.pack_stamp(stamp)
      assert.equal(document.STAMP_BYTES, #bytes)
      assert.same(stamp, document.read_stamp(bytes .. 'rest'))
      assert.equal('rest', document.body(bytes .. 'rest'))
      assert.is_nil(document.body(bytes))
    end
  end)
end)
