-- Who may call the endpoint without a token, by the address that the request came in at. The real
-- nginx is asked in security.test.ts, at another address than loopback where the machine has one.

-- LuaJIT's; these specs run on plain Lua. Both for bytes.
local function combine(a, b, differs)
  local sum = 0
  for i = 0, 7 do
    local x, y = math.floor(a / 2 ^ i) % 2, math.floor(b / 2 ^ i) % 2
    if differs and x ~= y or not differs and x + y > 0 then sum = sum + 2 ^ i end
  end
  return sum
end

package.preload['bit'] = function()
  return {
    bor = function(a, b) return combine(a, b, false) end,
    bxor = function(a, b) return combine(a, b, true) end,
  }
end

local access = require('ballast.access')

local logged

local function come_in(variables)
  logged = {}
  _G.ngx = {
    var = variables,
    ERR = 'error',
    log = function(_, ...) logged[#logged + 1] = table.concat({ ... }) end,
    sha1_bin = function(text) return (text .. ('\0'):rep(20)):sub(1, 20) end,
  }
end

local function check(variables, need)
  variables.server_port = '9145'
  variables.host = variables.host or '127.0.0.1'
  come_in(variables)
  return access.check(need or 'read')
end

describe('access without tokens', function()
  before_each(function() access.init({}) end)
  after_each(function() _G.ngx = nil end)

  for _, address in ipairs({ '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1',
    'unix:/run/a' }) do
    it('serves what came in at ' .. address, function()
      for _, need in ipairs({ 'read', 'write', 'push' }) do
        assert.is_nil(check({ server_addr = address }, need))
      end
    end)
  end

  for _, address in ipairs({ '10.0.0.9', '192.168.1.127', '0.0.0.0', '2001:db8::1', 'fe80::1',
    '::ffff:10.0.0.9', '12.7.0.0.1', '::' }) do
    it('refuses what came in at ' .. address .. ', for every call', function()
      for _, need in ipairs({ 'read', 'write', 'push' }) do
        local status, code, detail = check({ server_addr = address, host = address }, need)
        assert.same({ 403, 'tokens-missing' }, { status, code })
        assert.truthy(detail:find('not ' .. address .. ':9145', 1, true))
      end
    end)
  end

  it('serves a client there whose certificate nginx has verified, and no other', function()
    local outside = { server_addr = '10.0.0.9', ssl_client_verify = 'SUCCESS' }
    assert.is_nil(check(outside, 'push'))
    for _, verdict in ipairs({ 'NONE', 'FAILED:expired', '' }) do
      assert.equal(403, (check({ server_addr = '10.0.0.9', ssl_client_verify = verdict })))
    end
  end)

  it('tells the log once where such an endpoint is, and not at each call', function()
    package.loaded['ballast.access'] = nil
    local own = require('ballast.access')
    own.init({})
    come_in({ server_addr = '10.0.0.9', server_port = '9145', host = 'edge' })
    own.check('read')
    own.check('read')
    assert.equal(1, #logged)
    assert.truthy(logged[1]:find('not 10.0.0.9:9145', 1, true))
  end)
end)

describe('access with tokens', function()
  before_each(function()
    come_in({})
    access.init({ tokens = { read = ('r'):rep(12), push = ('p'):rep(12) } })
  end)
  after_each(function() _G.ngx = nil end)

  for _, address in ipairs({ '127.0.0.1', '10.0.0.9' }) do
    it('asks for one at ' .. address, function()
      local function status(token, need)
        return (check({ server_addr = address,
          http_authorization = token and 'Bearer ' .. token }, need))
      end
      assert.equal(401, status(nil))
      assert.equal(401, status(('x'):rep(12)))
      assert.is_nil(status(('r'):rep(12)))
      assert.equal(403, status(('r'):rep(12), 'push'))
      assert.is_nil(status(('p'):rep(12), 'push'))
    end)
  end
end)
