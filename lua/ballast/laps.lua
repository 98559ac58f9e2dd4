-- Laps: the common path's way from a host to a server.
--
-- In: entries, and hosts that lead to them. Out: an entry's lap, and in it all that a request
-- needs: the counter that it was looked at for (entries), its counts (tally), the number of its
-- addresses' list. Only of entries whose order is smooth, and that nobody asks about a request's
-- end: so of none where there are statistics.
-- On failure: nil; the entry then has what is to be known.
--
-- Where apps are many no cache holds all of their entries: then each place that a request looks at
-- costs 0.1 us, and an entry with its parts is ten of them. A lap is two or three.

local concat = table.concat

local laps = {}

-- Weak: a lap goes with its entry, or when a longer one takes its place.
local function new_weak()
  return setmetatable({}, { __mode = 'v' })
end

local by_host = new_weak()
-- Apps that share servers share these lists: most of an entry's memory, where apps are many.
local by_text, by_number, last_number = new_weak(), new_weak(), 0

local is_used

function laps.init(config)
  is_used = not config.statistics
end

function laps.shared(list)
  local text = concat(list, ' ')
  local known = by_text[text]
  if known then return known end
  last_number = last_number + 1
  list.number = last_number
  by_text[text], by_number[last_number] = list, list
  return list
end

-- A new entry's. It may be asked for once `seen` says so; its entry must live for as long.
function laps.prepare(entry)
  local lap = entry.lap
  lap.counts, lap.list, lap.is_noted, lap.seen = entry.counts, entry.addresses.number, 0, 0
end

function laps.note(host, entry)
  if not is_used or not entry or entry.balance or entry.asks_end then return end
  local lap = entry.lap
  if lap and by_host[host] ~= lap then by_host[host] = lap end
end

function laps.forget()
  by_host = new_weak()
end

function laps.find(host)
  return by_host[host]
end

function laps.addresses(lap)
  return by_number[lap.list]
end

return laps
