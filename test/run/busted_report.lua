-- busted's results as one line of JSON, for test/run/busted.ts. (Its own JSON output gives up on
-- what a spec may hold, functions for example.)

local json = require('dkjson')

local function entries(list, state)
  local found = setmetatable({}, { __jsontype = 'array' })
  for _, result in ipairs(list) do
    local message = type(result.message) == 'string' and result.message
      or result.message ~= nil and require('pl.pretty').write(result.message) or nil
    local trace = type(result.trace) == 'table' and result.trace.traceback or nil
    found[#found + 1] = { name = result.name, state = state, message = message, trace = trace }
  end
  return found
end

return function()
  local handler = require('busted.outputHandlers.base')()

  function handler.suiteEnd()
    local all = setmetatable({}, { __jsontype = 'array' })
    for state, list in pairs({ passed = handler.successes, failed = handler.failures,
      broken = handler.errors, pending = handler.pendings }) do
      for _, entry in ipairs(entries(list, state)) do all[#all + 1] = entry end
    end
    io.write('\nbusted-report ', json.encode(all), '\n')
    return nil, true
  end

  require('busted').subscribe({ 'suite', 'end' }, handler.suiteEnd)
  return handler
end
