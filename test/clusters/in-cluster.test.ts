// The service account of the pod that Ballast runs in: its files, which the kubelet exchanges.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { makeFolder } from './open-link.ts';
import { eventually } from './watched-cluster.ts';

async function open(given: { readonly ca?: string; readonly environment?: object } = {}) {
  const simulated = await new SimulatedCluster({ name: 'home' }).start();
  onTestFinished(() => simulated.stop());
  simulated.setApp({ name: 'shop', pods: 2, hosts: ['shop.example.com'] });
  const folder = await makeFolder();
  await writeFile(join(folder, 'token'), `${simulated.api.token}\n`);
  await writeFile(join(folder, 'ca.crt'), given.ca ?? simulated.api.ca);
  const { hostname, port } = new URL(simulated.api.url);
  const reader = await openKubernetesCluster(
    { name: 'home', inCluster: true, ingress: { nodes: 'ingress=true', port: 80 } },
    { told: [], serviceLabel: 'ballast.io/app' },
    {
      baseFolder: '/',
      accountFolder: folder,
      clock: systemClock,
      wall: () => new Date(),
      random: Math.random,
      environment: {
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        ...given.environment,
      },
      log: pino({ level: 'silent' }),
    },
  );
  onTestFinished(() => reader.close());
  return { simulated, reader, folder };
}

test('token and CA of the service account; the API server’s address from the environment', async () => {
  const { simulated, reader } = await open();
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  expect(reader.footprint('shop').pods).toBe(2);
  expect(simulated.api.requests.every(({ status }) => status !== 401)).toBe(true);
});

test('a token that the kubelet exchanged is taken before the old one is refused', async () => {
  const { simulated, reader, folder } = await open();
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  simulated.api.tokens.add('second');
  await writeFile(join(folder, 'token'), 'second\n');
  simulated.api.tokens.delete(simulated.api.token);
  const before = simulated.api.requests.length;
  reader.relist();
  await eventually(() => expect(simulated.api.requests.length).toBeGreaterThan(before + 4));
  simulated.scale('shop', 3);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(3));
  expect(simulated.api.requests.filter(({ status }) => status === 401)).toEqual([]);
});

test('a CA that the kubelet exchanged is taken; until then nothing is believed', async () => {
  const other = createCertificate('other').cert;
  const { simulated, reader, folder } = await open({ ca: other });
  await eventually(() => expect(reader.status().reason).toMatch(/certificate/));
  expect(reader.status().state).toBe('unseen');
  await writeFile(join(folder, 'ca.crt'), `${other}${simulated.api.ca}`);
  await eventually(() => expect(reader.status().state).toBe('fresh'));
});

test('outside of a pod it is an error that says so', async () => {
  const opened = open({ environment: { KUBERNETES_SERVICE_HOST: undefined } });
  await expect(opened).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(/home: inCluster, but KUBERNETES_SERVICE_HOST/),
  });
});

test('a token file that is gone is a reason in words, and no end', async () => {
  const { reader, folder, simulated } = await open();
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  await writeFile(join(folder, 'token'), '');
  reader.relist();
  await eventually(() => expect(reader.status().reason).toMatch(/HTTP 401/));
  await writeFile(join(folder, 'token'), simulated.api.token);
  await eventually(() => expect(reader.status().state).toBe('fresh'));
});
