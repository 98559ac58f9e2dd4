// The tests' own edge: nothing of it is left behind, whoever is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { isRunning, startEdge } from './edge.ts';

const redisUrl = 'redis://127.0.0.1:1';

test('workers that a killed master left behind end with the edge, and hold up no start', async () => {
  const edge = await startEdge({ redisUrl });
  try {
    const { master = 0, workers } = edge.pids();
    process.kill(master, 'SIGKILL');
    await until('the master is gone', () => edge.pids().master === undefined);
    expect(workers.filter(isRunning)).toEqual(workers);
    await edge.restart();
    expect(workers.filter(isRunning)).toEqual([]);
    expect((await edge.state()).workers).toHaveLength(2);
  } finally {
    await edge.close();
  }
});

// A process of its own, so that it can be killed.
const starter = `
  import { isRunning, startEdge } from ${JSON.stringify(join(import.meta.dirname, 'edge.ts'))};
  const edge = await startEdge({ redisUrl: '${redisUrl}' });
  const { master, workers } = edge.pids();
  process.kill(master, 'SIGKILL');
  while (edge.pids().master !== undefined) await new Promise((done) => setTimeout(done, 5));
  console.log(JSON.stringify(workers));
  setInterval(() => {}, 1000);
`;

test('they end too where the process that started them is killed after their master', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const workers = JSON.parse(line) as number[];
  expect(workers.filter(isRunning)).toEqual(workers);
  child.kill('SIGKILL');
  await exit;
  await until('the workers are gone', () => !workers.some(isRunning));
});
