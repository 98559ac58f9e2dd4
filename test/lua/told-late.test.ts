// A Sentinel tells of a fail-over when the client has noticed the master's end itself, and is on its way
// to the next one.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { listenOnFreePort } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startRedis } from './redis.ts';

const CHANNEL = '$14\r\n+switch-master\r\n';

/** Names one master. From `tellLate` on it tells of a fail-over before each answer, and waits for the end
 *  of who was told. */
async function startSentinel(masterPort: number) {
  const told = new Set<Socket>();
  let isLate = false;
  let late = 0;
  const answer = async (socket: Socket, text: string): Promise<void> => {
    if (text.includes('SUBSCRIBE')) {
      told.add(socket);
      socket.once('close', () => told.delete(socket));
      return void socket.write(`>3\r\n$9\r\nsubscribe\r\n${CHANNEL}:1\r\n`);
    }
    if (!text.includes('SENTINEL')) return void socket.write('+OK\r\n');
    for (const one of isLate ? told : []) {
      one.write(`>3\r\n$7\r\nmessage\r\n${CHANNEL}$4\r\nmain\r\n`);
      await once(one, 'close');
      late += 1;
    }
    const port = `${masterPort}`;
    socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${port.length}\r\n${port}\r\n`);
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      // Each begins with the number of its parts.
      const commands = data
        .toString()
        .toUpperCase()
        .split(/(?=\*\d+\r\n)/);
      for (const command of commands) void answer(socket, command);
    });
  });
  const port = await listenOnFreePort(server);
  return {
    url: `redis://127.0.0.1:${port}`,
    isFollowed: () => told.size > 0,
    tellLate: () => (isLate = true),
    late: () => late,
    close: () => server.close(),
  };
}

test('a fail-over that is told late does not end the connection for good', async () => {
  const redis = await startRedis();
  const sentinel = await startSentinel(redis.port);
  const states: string[] = [];
  const store = openRedisStore({
    sentinels: [sentinel.url],
    masterName: 'main',
    environment: 'test',
    onState: (up, reason) => states.push(up ? 'up' : reason),
  });
  try {
    await until(
      'the store follows the Sentinel',
      () => states.at(-1) === 'up' && sentinel.isFollowed(),
    );
    sentinel.tellLate();
    await redis.restart();
    await until('it was told late', () => sentinel.late() > 0);
    await until('the store is there again', async () => (await store.version()).term === 0);
    expect(states.at(-1)).toBe('up');
  } finally {
    await store.close();
    sentinel.close();
    await redis.close();
  }
});
