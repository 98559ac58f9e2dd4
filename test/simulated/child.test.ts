import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedCluster } from './cluster.ts';
import { findFreePort } from '../controlplane/ports.ts';
import { IngressNodesChild } from './ingress-nodes-child.ts';

const node = { name: 'n1', address: '127.1.9.1' };

describe('the stand-ins in a process of their own', () => {
  let cluster: SimulatedCluster;

  beforeEach(async () => {
    cluster = await new SimulatedCluster({ name: 'east' }).start();
    cluster.setIngressNode(node);
    cluster.setApp({ name: 'shop', pods: 1, hosts: ['shop.test'] });
  });

  afterEach(() => cluster.stop());

  it('serve, count, and end when told', async () => {
    const port = await findFreePort([node.address]);
    const { insideUrl: url, ca, token } = cluster.api;
    const child = new IngressNodesChild();
    await child.start({
      clusters: [{ cluster: 'east', api: { url, ca, token }, port }],
      vms: [{ name: 'vm-1', address: '127.1.9.2' }],
    });
    const ask = async (server: string) => {
      const { statusCode, body } = await request(`http://${server}/`, {
        headers: { host: 'shop.test' },
      });
      await body.dump();
      return statusCode;
    };
    expect(await ask(`${node.address}:${port}`)).toBe(200);
    expect(await ask(child.vms['vm-1'] ?? '')).toBe(200);
    const state = await child.read();
    expect(state.counts['east']?.exact).toEqual({ 'shop.test 200 n1': 1 });
    expect(state.vms['vm-1']?.total).toBe(1);
    const killed = await child.kill('east', 'n1');
    expect(killed.nodes['east']).toEqual([{ node: 'n1', address: node.address, state: 'killed' }]);
    await child.close();
    await expect(ask(`${node.address}:${port}`)).rejects.toThrow();
  });

  it('can be stopped while their API server is away', async () => {
    const { insideUrl: url, ca, token } = cluster.api;
    await cluster.stop();
    const child = new IngressNodesChild();
    const started = child.start({
      clusters: [{ cluster: 'east', api: { url, ca, token }, port: 1 }],
    });
    const failed = expect(started).rejects.toThrow('ended');
    await child.close();
    await failed;
  });
});

it('leaves no handle behind: a process that started and closed everything ends by itself', async () => {
  const script = fileURLToPath(new URL('./open-and-close.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 15_000 });
  expect(stdout.trim()).toBe('closed');
});
