// The API where a pod with IPv6 first has it: one listener, which both families reach.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listText } from '../api/access.ts';
import { findFreePort } from '../controlplane/ports.ts';
import { startRedis } from '../lua/redis.ts';
import { startBallast } from './ballast.ts';

test('[::] is listened on for IPv6 and IPv4, and told to others by an address in brackets', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-everywhere-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  await writeFile(join(folder, 'access.yaml'), listText({}));
  const port = await findFreePort();
  const ballast = await startBallast(folder, {
    environment: 'everywhere',
    redis: { url: redis.url },
    api: {
      listen: `[::]:${port}`,
      address: `http://[::1]:${port}`,
      plaintext: true,
      tokens: 'access.yaml',
      loopback: 'admin',
    },
  });
  onTestFinished(async () => void (await ballast.kill('SIGTERM')));
  for (const host of ['[::1]', '127.0.0.1']) {
    const reply = await fetch(`http://${host}:${port}/livez`);
    expect([host, reply.status]).toEqual([host, 200]);
  }
  // A caller on IPv4 comes by a mapped address, and is on loopback all the same.
  const apps = await fetch(`http://127.0.0.1:${port}/api/v1/apps`);
  expect(apps.status).toBe(200);
});
