// A fan-out of a Secret on a real Redis: at no moment has any key, or any command, what it holds.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryFleet, secretOf, stagingOn, startFanouts, stream } from '../jobs/fleet.ts';
import { serve, untilState } from '../jobs/process.ts';
import { until } from '../controlplane/until.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

/** All that is ever sent to it. */
async function monitor(): Promise<{ readonly text: () => string; readonly end: () => void }> {
  const { hostname, port } = new URL(redis.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines: string[] = [];
  socket.setEncoding('utf8').on('data', (line: string) => lines.push(line));
  socket.write('MONITOR\r\n');
  await until('it is heard', () => lines.join('').startsWith('+OK'));
  return { text: () => lines.join(''), end: () => socket.destroy() };
}

test('forward and back, Redis never has it', async () => {
  const seen = await monitor();
  const stage = await redisStage(redis);
  const fleet = new MemoryFleet();
  const text = (version: string): string =>
    stream('v1', '{weights: none, approval: after}') + secretOf(`planted-${version}`);
  await fleet.run(['east', 'west'], text('v1'));
  const process = startFanouts(fleet, stage.journal);
  const stop = await serve(process, await stage.term());
  const run = async (version: string, word: 'approve' | 'abort', end: 'Done' | 'RolledBack') => {
    const staging = stagingOn(fleet.clusters.values(), text(version), process.writerOf);
    const { id } = await process.create(await fleet.draft(text(version)), staging);
    await untilState(stage.journal, id, 'WaitingApproval');
    await process.command(id, { name: word, who: 'ann' });
    await untilState(stage.journal, id, end);
  };
  await run('v2', 'approve', 'Done');
  await run('v3', 'abort', 'RolledBack');
  expect(fleet.passwords()).toEqual({
    east: 'planted-v2',
    west: 'planted-v2',
    north: 'planted-v2',
  });
  await stop();
  await stage.close();
  const said = seen.text();
  seen.end();
  expect(said).toContain('step:apply east');
  expect(said).toContain('sealed:sha256:');
  for (const version of ['v1', 'v2', 'v3']) {
    expect(said).not.toContain(`planted-${version}`);
    expect(said).not.toContain(Buffer.from(`planted-${version}`).toString('base64'));
  }
}, 60_000);
