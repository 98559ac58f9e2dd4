// The contender's side of contender.ts, for those that run in Node: one line in, one or two lines of
// JSON out. Time, CPU, memory and stalls are measured here, in the same way for each. Nothing is caught:
// a contender that fails ends, and says why on standard error.
import { createInterface } from 'node:readline';
import { watchStalls } from './stall.ts';

export interface Reading {
  /** Everything is listed, and watched from there. */
  list(): Promise<void>;
  counts(): { readonly pods: number; readonly services: number };
  /** Resolves when so many events of pods have come since the call. */
  events(count: number): Promise<void>;
  calls(count: number): Promise<void>;
}

export async function takeOrders(reading: Reading): Promise<void> {
  // What the first call loads and keeps is no pod's.
  await reading.calls(1);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, number] = line.split(' ');
    if (order === 'list') await list(reading);
    if (order === 'events') await events(reading, Number(number));
    if (order === 'calls') {
      await reading.calls(Number(number));
      say({ ready: true });
    }
  }
  process.exit();
}

async function list(reading: Reading): Promise<void> {
  const before = await settledHeap();
  const spent = process.cpuUsage();
  const stalls = watchStalls();
  const began = performance.now();
  await reading.list();
  const milliseconds = performance.now() - began;
  const stall = stalls();
  const cpu = inMs(process.cpuUsage(spent));
  const bytes = (await settledHeap()) - before;
  say({ milliseconds, cpu, bytes, stall, ...reading.counts() });
}

async function events(reading: Reading, count: number): Promise<void> {
  const came = reading.events(count);
  const spent = process.cpuUsage();
  say({ ready: true });
  await came;
  say({ cpu: inMs(process.cpuUsage(spent)) });
}

const inMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

/** What is alive, and what it holds outside of the heap. */
async function settledHeap(): Promise<number> {
  // Finalizers run between collections.
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Also compiled code that is not needed: it is made anew where it is, and is no pod's. */
function collect(): void {
  const { gc } = globalThis as { gc?: (how: object) => void };
  gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
