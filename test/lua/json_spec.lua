local json = require('ballast.json')

describe('json', function()
  it('reads what JSON allows', function()
    local text = ' {"a" : [1, -2.5e3, true, false, null, "x\\u00e9\\ud83d\\ude00\\n"]} '
    local value = json.decode(text)
    assert.equal(1, value.a[1])
    assert.equal(-2500, value.a[2])
    assert.is_true(value.a[3])
    assert.is_false(value.a[4])
    assert.equal(json.null, value.a[5])
    assert.equal('x\195\169\240\159\152\128\n', value.a[6])
  end)

  it('refuses what JSON does not allow, and names the byte', function()
    for text, place in pairs({
      ['{"app":'] = 'at byte 8', ['{"a":1,}'] = 'at byte 8', ['[1,]'] = 'at byte 4',
      ['01'] = 'at byte 1', ['+1'] = 'at byte 1', ['1.'] = 'at byte 2', ['NaN'] = 'at byte 1',
      ['0x10'] = 'at byte 2', ["{'a':1}"] = 'at byte 2', ['"a\nb"'] = 'at byte 3',
      ['"\\x"'] = 'at byte 2', ['"\\ud800"'] = 'at byte 2', ['"abc'] = 'at byte 1',
      ['{"a":1,"a":2}'] = 'at byte 8', ['[1] 2'] = 'at byte 5', [''] = 'at byte 1',
      ['1e999'] = 'at byte 1', ['nul'] = 'at byte 1', ['{"a" 1}'] = 'at byte 6',
    }) do
      local value, why = json.decode(text)
      assert.is_nil(value)
      assert.matches(place .. '$', why, 1, false)
    end
  end)

  it('bounds the depth', function()
    assert.is_nil(json.decode(string.rep('[', 100000)))
    assert.is_table(json.decode(string.rep('[', 32) .. string.rep(']', 32)))
  end)

  it('bounds the number of values, of each text for itself', function()
    local function list(n) return '[' .. string.rep('0,', n - 1) .. '0]' end
    assert.is_table(json.decode(list(2000000)))
    local value, why = json.decode(list(2000001))
    assert.is_nil(value)
    assert.matches('too many values at byte 4000002$', why)
    assert.is_nil(json.decode('[' .. string.rep('{"a":[]},', 1000000) .. '0]'))
    local function read_another() json.decode(list(1500000)) end
    local text = '{"documents":[{},' .. list(600000) .. ']}'
    assert.is_table(json.decode(text, { rest = read_another }))
  end)

  it('rests after each item of the list of documents, and of no other', function()
    local function rests(text)
      local n = 0
      json.decode(text, { rest = function() n = n + 1 end })
      return n
    end
    assert.equal(3, rests('{"a":1,"documents":[{},[1,2],3],"b":2}'))
    assert.equal(0, rests('[1,2,3]'))
  end)

  it('tells [] from {}', function()
    assert.equal('{"a":[],"b":{}}', json.encode(json.decode('{"b":{},"a":[]}')))
  end)

  it('writes whole numbers exactly, keys in order, and only the escapes that are due', function()
    assert.equal('{"a":9007199254740991,"b":"\\u0001\\"\\\\/é\127"}',
      json.encode({ b = '\1"\\/é\127', a = 9007199254740991 }))
    assert.equal('0.1', json.encode(0.1):sub(1, 3))
  end)

  it('brings every string back', function()
    local all = {}
    for i = 0, 127 do all[#all + 1] = string.char(i) end
    local text = table.concat(all)
    assert.equal(text, json.decode(json.encode(text)))
  end)
end)
