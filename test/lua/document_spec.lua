local document = require('ballast.document')
local json = require('ballast.json')
local names = require('ballast.names')

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local here = debug.getinfo(1, 'S').source:match('^@(.*)/[^/]+$')
local bodies = assert(json.decode(read(here .. '/../contract/bodies.json')))

local function body(servers, rest)
  return '{"app":"a",' .. (rest or '') .. '"policy":{"balance":"smooth","whenUnhealthy":"spread"},'
    .. '"servers":' .. servers .. '}'
end

describe('document', function()
  for i, good in ipairs(bodies.good) do
    it('takes good body ' .. i .. ' and makes its exact bytes again', function()
      local app = good.app or json.decode(good.body).app
      local packed = assert(document.take(app, good.body))
      assert.equal(good.body, document.bytes(app, packed))
      if good.app then return end
      assert.equal(good.body, document.encode(document.parse(good.body)))
      assert.equal(good.body, json.encode(document.parse(good.body)))
    end)
  end

  for _, bad in ipairs(bodies.bad) do
    it('refuses a body: ' .. bad.name, function()
      local upstream, why = document.parse(bad.body)
      assert.is_nil(upstream)
      assert.matches('^%a[%a%[%]%d.]*: .', why)
      assert.is_nil(document.take('a', bad.body))
    end)
  end

  it('names the place', function()
    local function why(text) return select(2, document.parse(text)) end
    local one = '{"address":"10.0.0.1:80","from":"vm","weight":1}'
    assert.matches('^servers%[1%]%.weight: ', why(body('[' .. one .. ','
      .. '{"address":"10.0.0.2:80","from":"vm","weight":"1"}]')))
    assert.matches('^servers%[1%]%.address: .* twice', why(body('[' .. one .. ',' .. one .. ']')))
    assert.matches('^servers%[0%]: unknown key "wieght"', why(body(
      '[{"address":"10.0.0.1:80","from":"vm","weight":1,"wieght":2}]')))
    assert.matches('^hosts%[1%]: ', why(body('[]', '"hosts":["a.example","b_c"],')))
    assert.matches('^servers: an array', why(body('{}')))
    assert.matches('^body: .* at byte 8', why('{"app":}'))
  end)

  it('sorts hosts and servers by their bytes when it makes a body canonical', function()
    local upstream = document.parse(body('[{"address":"10.0.0.2:80","from":"vm","weight":1},'
      .. '{"weight":2,"address":"10.0.0.10:80","auto":3,"from":"east"}]', '"hosts":["b.c","a.c"],'))
    assert.equal('{"app":"a","hosts":["a.c","b.c"],"policy":{"balance":"smooth",'
      .. '"whenUnhealthy":"spread"},"servers":[{"address":"10.0.0.10:80","auto":3,"from":"east",'
      .. '"weight":2},{"address":"10.0.0.2:80","from":"vm","weight":1}]}',
      document.encode(upstream))
  end)

  it('takes stored bytes only in canonical form', function()
    local text = body('[]')
    assert.is_string(document.take('a', text))
    local packed, why = document.take('a', text .. ' ')
    assert.is_nil(packed)
    assert.matches('canonical', why)
    assert.is_nil(document.take('b', text))
  end)

  it('keeps no hosts and an empty list of hosts apart', function()
    for _, text in ipairs({ body('[]'), body('[]', '"hosts":[],') }) do
      assert.equal(text, document.bytes('a', document.take('a', text)))
    end
  end)

  it('compares stamps term first, and nothing held lies below everything', function()
    local function stamp(term, version) return { term = term, version = version } end
    assert.is_true(document.compare(stamp(2, 1), stamp(1, 9)) > 0)
    assert.is_true(document.compare(stamp(1, 1), stamp(1, 2)) < 0)
    assert.equal(0, document.compare(stamp(1, 1), stamp(1, 1)))
    assert.is_true(document.compare(stamp(0, 0), nil) > 0)
    assert.is_true(document.compare(nil, stamp(0, 0)) < 0)
    assert.equal(0, document.compare(nil, nil))
  end)

  it('writes manifest lines with terms above 10^14', function()
    local line = { term = 131072000012345, version = 7, digest = '-', owner = 'endpoint' }
    assert.equal('131072000012345 7 - endpoint', document.line(line))
    assert.same(line, document.read_line(document.line(line)))
  end)
end)

describe('names', function()
  it('knows addresses', function()
    for _, good in ipairs({ '0.0.0.0:1', '255.255.255.254:65535', '[::]:1', '[::1]:80',
      '[fe80::1:2]:80', '[1:2:3:4:5:6:7:8]:80', '[::ffff:10.0.0.1]:80', '[1::]:80',
      '[1:2:3:4:5:6:1.2.3.4]:80' }) do
      assert.is_true(names.check_address(good), good)
    end
    for _, bad in ipairs({ '', '1.2.3:80', '1.2.3.4.5:80', '01.2.3.4:80', '1.2.3.4:080',
      '1.2.3.4:99999', '1.2.3.4', '::1:80', '[::1]', '[1:2:3:4:5:6:7]:80', '[:::]:80',
      '[1:2:3:4:5:6:7:8:9]:80', '[1::2::3]:80', '[1:2:3:4:5:6:7::8]:80', '[12345::]:80',
      '[1.2.3.4::]:80', '[::g]:80', '[:1]:80', '[1:]:80', 'a.example:80', '1.2.3.4:80 ',
      '[::1.2.3.4:5]:80', '255.255.255.255:80', '[::ffff:255.255.255.255]:80' }) do
      assert.is_false(names.check_address(bad), bad)
    end
  end)

  it('knows hosts', function()
    for _, good in ipairs({ 'a', 'a.b', '*.a.b', 'x-1.example', '1.example',
      string.rep('a', 63) .. '.b' }) do
      assert.is_true(names.check_host(good), good)
    end
    for _, bad in ipairs({ '', '*', '*.', 'a.*', 'a..b', '.a', 'a.', '-a.b', 'a-.b', 'A.b', 'a_b.c',
      'a b', string.rep('a', 64) .. '.b', string.rep('a.', 127) .. 'aa' }) do
      assert.is_false(names.check_host(bad) and true or false, bad)
    end
  end)

  it('knows names of apps, reserved ones among them', function()
    for _, good in ipairs({ 'a', 'A.b_c-1', '_holds', string.rep('a', 63) }) do
      assert.is_true(names.check_name(good), good)
    end
    for _, bad in ipairs({ '', '-a', 'a-', 'a.', '.a', 'a/b', 'ä', string.rep('a', 64) }) do
      assert.is_nil((names.check_name(bad)), bad)
    end
    assert.is_true(names.is_reserved('_holds'))
    assert.is_false(names.is_reserved('holds_'))
  end)
end)
