-- Metrics in Prometheus' text form.
--
-- In: shared state and statistics. Out: the answer's text, part by part. Never fails. Yields.

local census = require('ballast.census')
local hosts = require('ballast.hosts')
local probed = require('ballast.probed')
local report = require('ballast.report')
local rows = require('ballast.rows')
local state = require('ballast.state')
local system = require('ballast.system')

local concat, find, format, match = table.concat, string.find, string.format, string.match

local ESCAPES = { ['\\'] = '\\\\', ['"'] = '\\"', ['\n'] = '\\n' }

local metrics = {}

local function quote(value)
  if not find(value, '[\\"\n]') then return '"' .. value .. '"' end
  return '"' .. string.gsub(value, '[\\"\n]', ESCAPES) .. '"'
end

local function head(out, name, kind, help)
  out[#out + 1] = format('# HELP %s %s\n# TYPE %s %s', name, help, name, kind)
end

local function write_labels(labels)
  local parts = {}
  for i = 1, #labels, 2 do parts[#parts + 1] = labels[i] .. '=' .. quote(labels[i + 1]) end
  return #parts > 0 and '{' .. concat(parts, ',') .. '}' or ''
end

local function sample(out, name, labels, value)
  out[#out + 1] = name .. write_labels(labels) .. format(' %.17g', value)
end

local function gauge(out, name, help, value)
  head(out, name, 'gauge', help)
  sample(out, name, {}, value)
end

local function counter(out, name, help, value)
  head(out, name, 'counter', help)
  sample(out, name, {}, value)
end

-- With the place of each count (census). `response_seconds` is a summary: without quantiles, which
-- could not be added up.
local COUNTS = {
  { 1, 'requests_total', 'counter', 'Requests sent to a server, retries included.' },
  { 2, 'failures_total', 'counter',
    'Requests that a server did not answer, or answered with 500 or above.' },
  { 4, 'response_seconds_sum', 'summary', 'Time of answers below 500.' },
  { 3, 'response_seconds_count' },
  { 5, 'in_flight', 'gauge', 'Requests under way.' },
}
-- Lines that are written together.
local LINES = 500

local function pour(out)
  if #out > 0 then ngx.print(concat(out, '\n'), '\n') end
  for i = #out, 1, -1 do out[i] = nil end
end

-- Labels, and a list of each count: those of one name stand together in the text.
local function read_counts(asked, statistics, rest)
  local labels, columns = {}, { {}, {}, {}, {}, {} }
  local function add(name, ...)
    local app, address = match(name, '^(%S+) (%S+)$')
    local at = #labels + 1
    labels[at] = write_labels({ 'app', app, 'server', address })
    local r, f, a, s, u = columns[1], columns[2], columns[3], columns[4], columns[5]
    r[at], f[at], a[at], s[at], u[at] = ...
  end
  census.each_count(asked, statistics, add, rest)
  -- Those without a row of their own.
  local other = rows.other()
  if other.requests > 0 then
    add('_other _other', other.requests, other.failures, other.answers, other.seconds)
  end
  return labels, columns
end

local function counts(out, asked, statistics, rest)
  local labels, columns = read_counts(asked, statistics, rest)
  for _, count in ipairs(COUNTS) do
    local name, column = 'ballast_edge_' .. count[2], columns[count[1]]
    if count[3] then head(out, string.gsub(name, '_sum$', ''), count[3], count[4]) end
    for at = 1, #labels do
      if column[at] then out[#out + 1] = name .. labels[at] .. format(' %.17g', column[at]) end
      if #out >= LINES then pour(out) end
      rest()
    end
  end
end

local function marked(out, asked)
  head(out, 'ballast_edge_server_marked', 'gauge',
    'Workers that leave a server alone for a moment, as it gave no answer.')
  for _, mark in ipairs(census.marked(asked)) do
    sample(out, 'ballast_edge_server_marked', { 'server', mark.address }, mark.workers)
  end
end

local function applied(out, current)
  local name = 'ballast_edge_applied_version'
  head(out, name, 'gauge', 'Version of the commit that each worker has applied.')
  for _, worker in ipairs(current.workers) do
    sample(out, name, { 'pid', tostring(worker.pid) }, worker.mark.version or 0)
  end
end

local function memory(out)
  local free, all =
    'ballast_edge_shared_memory_free_bytes', 'ballast_edge_shared_memory_capacity_bytes'
  local dicts = state.memory()
  head(out, free, 'gauge', 'Free bytes of each shared memory, in whole pages.')
  for dict, bytes in pairs(dicts) do sample(out, free, { 'dict', dict }, bytes.free) end
  head(out, all, 'gauge', 'Size of each shared memory.')
  for dict, bytes in pairs(dicts) do sample(out, all, { 'dict', dict }, bytes.capacity) end
end

local function conflicts(out)
  local name = 'ballast_edge_host_conflict'
  head(out, name, 'gauge', 'A host that an app claims and another keeps.')
  for _, conflict in ipairs(hosts.conflicts()) do
    for app in string.gmatch(conflict.apps, '%S+') do
      sample(out, name, { 'host', conflict.host, 'app', app, 'kept_by', conflict.owner or '' }, 1)
    end
  end
end

local function health(out)
  local name, unhealthy = 'ballast_edge_server_healthy', 0
  head(out, name, 'gauge', 'By its probe; servers that were unhealthy within the last hour.')
  for _, key in ipairs(probed.names()) do
    local address, path, host = string.match(key, '^(%S+) (%S+) (%S+)')
    local is_unhealthy = probed.read(key)
    unhealthy = unhealthy + (is_unhealthy and 1 or 0)
    sample(out, name, { 'server', address, 'path', path, 'host', host == '-' and '' or host,
      'probe', key }, is_unhealthy and 0 or 1)
  end
  gauge(out, 'ballast_edge_unhealthy', 'Probes whose server is unhealthy.', unhealthy)
  gauge(out, 'ballast_edge_probes', 'Probes that documents ask for.', state.get('probes') or 0)
end

-- Where memory is full of rows there are several 100,000 lines: so nothing is made of all of them.
function metrics.print(statistics, rest)
  local asked, complete = census.take()
  local out = {}
  counts(out, asked, statistics, rest)
  gauge(out, 'ballast_edge_statistics_complete',
    'Whether each worker told its requests under way.', complete and 1 or 0)
  marked(out, asked)
  local current = report.build()
  gauge(out, 'ballast_edge_documents', 'Upstreams held.', current.documents)
  gauge(out, 'ballast_edge_mark_term', 'Term of the mark.', current.mark.term or 0)
  gauge(out, 'ballast_edge_mark_version', 'Version of the mark.', current.mark.version or 0)
  gauge(out, 'ballast_edge_saved_version', 'Version of the saved mark.', current.saved.version or 0)
  gauge(out, 'ballast_edge_highest_term', 'Highest term seen.', current.highest)
  counter(out, 'ballast_edge_term_over_total',
    'Calls refused because their term lies below the highest seen.', state.get('term_over') or 0)
  gauge(out, 'ballast_edge_refused', 'Documents refused and not yet settled.', #current.refused)
  gauge(out, 'ballast_edge_above', 'Documents held that lie above the source.', #current.above)
  if current.api then
    gauge(out, 'ballast_edge_api_up', 'Whether the controller answered the last poll.',
      current.api.ok and 1 or 0)
  else
    gauge(out, 'ballast_edge_redis_up', 'Whether Redis answered the last poll.',
      current.redis.ok and 1 or 0)
  end
  gauge(out, 'ballast_edge_snapshot_damaged',
    'Whether the snapshot could not be read or written.', current.snapshot and 1 or 0)
  local proved = state.get('proved')
  if proved then
    gauge(out, 'ballast_edge_mark_age_seconds',
      'Since the source last showed that the mark is up to date.', system.monotonic() - proved)
  end
  applied(out, current)
  memory(out)
  conflicts(out)
  health(out)
  pour(out)
end

return metrics
