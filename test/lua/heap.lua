-- What this worker's Lua holds once its garbage is gone, in bytes (storm.test.ts).

collectgarbage()
collectgarbage()
ngx.header['X-Worker'] = ngx.worker.pid()
ngx.say(math.floor(collectgarbage('count') * 1024))
