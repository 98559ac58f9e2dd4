// The API's certificate is followed as it is renewed, over a real TLS server.

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { followCertificate, readCertificate } from '../../src/api/certificate.ts';
import { systemClock } from '../../src/clock.ts';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';

/** In one step: a reader finds the old or the new. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

test('a new pair is served, half of one is not, and the key is in no word about it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-tls-'));
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const [first, second] = [createCertificate('first'), createCertificate('second')];
  const put = (cert: string, key: string) =>
    Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]);
  await put(first.cert, first.key);
  const server = createServer(await readCertificate(files), (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const told: (string | undefined)[] = [];
  const stop = new AbortController();
  const following = followCertificate(files, server, {
    clock: { ...systemClock, sleep: (_, signal) => systemClock.sleep(5, signal) },
    signal: stop.signal,
    tell: (trouble) => told.push(trouble),
  });
  expect(await shown()).toBe('first');
  await replace(files.cert, second.cert);
  await until('the half pair is told', () => told.length === 1);
  expect(told[0]).toContain('are no pair');
  expect(told[0]).not.toContain(first.key.split('\n')[1] ?? 'key');
  expect(await shown()).toBe('first');
  await replace(files.key, second.key);
  await until('the new pair is served', async () => (await shown()) === 'second');
  expect(told).toEqual([told[0], undefined]);
  await replace(files.cert, '');
  await until('an empty one is told', () => told.length === 3);
  expect(told[2]).toContain('one is empty');
  expect(await shown()).toBe('second');
  stop.abort();
  await following;
  server.close();
  await rm(folder, { recursive: true });
});
