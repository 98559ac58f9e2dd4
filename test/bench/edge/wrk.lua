-- wrk's part: requests for many apps, drawn anew each time, and what came of them on one line.
--
-- In: the number of apps; their hosts are app-0.example and so on.
-- One app: wrk's own fixed request.

local first

function init(args)
  local count = tonumber(args[1])
  first = tonumber(args[2]) or 0
  wrk.headers['Host'] = 'app-' .. first .. '.example'
  if count == 1 then return end
  local requests = {}
  for i = 1, count do
    requests[i] = wrk.format('GET', '/', { Host = 'app-' .. (first + i - 1) .. '.example' })
  end
  function request()
    return requests[math.random(count)]
  end
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('\ndone %d %d %d\n', summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
