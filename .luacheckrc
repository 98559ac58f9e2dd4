std = 'ngx_lua'
max_line_length = 100
files['test/lua/*_spec.lua'] = { std = 'lua51+busted' }
files['lua/redis/*.lua'] = { std = 'lua51', read_globals = { 'redis', 'cjson', 'KEYS', 'ARGV' } }
files['test/bench/edge/wrk.lua'] = { std = 'luajit', globals = { 'wrk', 'init', 'request', 'done' } }
