// The process behind paced.ts. Open loop: a slow answer holds no later request back, as long as
// connections are left.
import { setPriority } from 'node:os';
import { Pool } from 'undici';
import { now, type PacedOrder } from './paced.ts';

const CONNECTIONS = 32;

const order = JSON.parse(process.argv[2] ?? '{}') as PacedOrder;
const { port, host, rate } = order;
if (order.humble) setPriority(10);
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
const seen: number[] = [];
let underWay = 0;
let running = true;

async function ask(): Promise<void> {
  const began = now();
  underWay += 1;
  let server = -1;
  try {
    const reply = await pool.request({ path: '/', method: 'GET', headers: { host } });
    const body = await reply.body.text();
    if (reply.statusCode === 200) server = placeOf(body);
  } catch {
    // Counted as failed.
  }
  underWay -= 1;
  if (running || seen.length > 0) seen.push(began, now(), server);
}

function placeOf(ip: string): number {
  const [, , high = 0, low = 0] = ip.split('.').map(Number);
  return high * 250 + low - 1;
}

// Every connection once, so that none is opened later.
await Promise.all(Array.from({ length: CONNECTIONS }, ask));
seen.length = 0;
let due = now();
const timer = setInterval(() => {
  for (const until = now(); due <= until; due += 1000 / rate) {
    // A request that would have to wait for a connection would blame the edge for our own queue.
    if (underWay < CONNECTIONS) void ask();
  }
}, 1);
process.on('disconnect', () => process.exit());
async function finish(): Promise<void> {
  clearInterval(timer);
  running = false;
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  process.send?.(Float64Array.from(seen));
}
process.once('message', () => void finish());
setTimeout(() => {
  seen.length = 0;
  process.send?.('flowing');
}, order.warmMilliseconds);
