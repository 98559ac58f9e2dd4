-- What this worker's Lua holds once its garbage is gone, in bytes (storm.test.ts).
--
-- Compiled traces are let go first: LuaJIT makes them for a long time, as rare paths become
-- frequent, up to limits of its own.

jit.flush()
collectgarbage()
collectgarbage()
ngx.header['X-Worker'] = ngx.worker.pid()
ngx.say(math.floor(collectgarbage('count') * 1024))
