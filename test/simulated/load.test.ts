import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Load } from './load.ts';
import { SimulatedVm } from './vm.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startVm(name: string, options: { hosts?: string[]; graceMs?: number } = {}) {
  const vm = await new SimulatedVm({ name, address: '127.1.8.1', ...options }).start();
  closers.push(() => vm.close());
  return vm;
}

function newLoad(...args: ConstructorParameters<typeof Load>): Load {
  const load = new Load(...args);
  closers.push(() => load.close());
  return load;
}

describe('a load', () => {
  it('sends exactly as many as asked, in turn', async () => {
    const vm = await startVm('vm-1');
    const url = `http://${vm.server}/`;
    const hosts = ['a.test', 'b.test', 'c.test'];
    const load = newLoad({ entries: hosts.map((host) => ({ url, host })), connections: 4 });
    const all = await load.count(undefined, 90);
    expect(all).toMatchObject({ sent: 90, answered: 90, failures: 0, byStatus: { 200: 90 } });
    expect(all.byHost).toEqual({ 'a.test': 30, 'b.test': 30, 'c.test': 30 });
    expect(all.byNode).toEqual({ 'vm-1': 90 });
    expect((await load.count(['b.test'], 7)).byHost).toEqual({ 'b.test': 7 });
    expect(vm.counts()).toMatchObject({ total: 97, byHost: { 'b.test': 37 } });
  });

  it('keeps to its rate and its connections', async () => {
    let open = 0;
    let most = 0;
    const server = createServer((_req, res) => void res.end()).on(
      'connection',
      (socket: Socket) => {
        most = Math.max(most, ++open);
        socket.on('close', () => open--);
      },
    );
    const url = await listen(server);
    const load = newLoad({ entries: [{ url, host: 'a.test' }], connections: 3, perSecond: 200 });
    const startedAt = performance.now();
    load.start();
    await expect.poll(() => load.snapshot().sent).toBeGreaterThan(100);
    const totals = await load.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    expect(totals.sent / seconds).toBeLessThan(230);
    expect(totals.answered).toBe(totals.sent);
    expect(most).toBeLessThanOrEqual(3);
    expect(load.snapshot().sent).toBe(0);
  });

  it('counts 404, 5xx and refused connections as failures, with the first texts', async () => {
    const vm = await startVm('vm-1', { hosts: ['a.test'] });
    const entry = { url: `http://${vm.server}/`, host: 'b.test' };
    const load = newLoad({ entries: [entry] });
    const wrong = await load.count(undefined, 20);
    expect(wrong).toMatchObject({ failures: 20, byStatus: { 404: 20 } });
    expect(wrong.failureTexts).toHaveLength(10);
    await vm.close();
    const refused = await newLoad({ entries: [entry] }).count(undefined, 1);
    expect(refused).toMatchObject({ sent: 1, answered: 0, failures: 1, closedConnections: 0 });
    expect(refused.failureTexts[0]).toContain('ECONNREFUSED');
  });

  it('counts apart what met a keepalive connection that closed, and sends it once only', async () => {
    let received = 0;
    const url = await listenRaw((socket) => {
      let served = 0;
      socket.on('data', () => {
        received++;
        if (served++ > 0) return void socket.destroy();
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const load = newLoad({ entries: [{ url, host: 'a.test' }], connections: 1 });
    const totals = await load.count(undefined, 4);
    expect(totals).toMatchObject({ sent: 4, answered: 2, closedConnections: 2, failures: 0 });
    expect(received).toBe(4);
  });

  it('counts a new connection or a half answer that breaks as a failure', async () => {
    const fresh = await listenRaw((socket) => socket.on('data', () => socket.destroy()));
    const load = newLoad({ entries: [{ url: fresh, host: 'a.test' }], connections: 1 });
    expect(await load.count(undefined, 2)).toMatchObject({ failures: 2, closedConnections: 0 });

    let served = 0;
    const half = await listenRaw((socket) => {
      socket.on('data', () => {
        const body = served++ === 0 ? 'ok' : 'o';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`);
        if (body === 'o') socket.destroySoon();
      });
    });
    const other = newLoad({ entries: [{ url: half, host: 'a.test' }], connections: 1 });
    expect(await other.count(undefined, 2)).toMatchObject({
      answered: 1,
      failures: 1,
      closedConnections: 0,
    });
  });

  it('counts a silent server as a failure after its time-out', async () => {
    const url = await listenRaw((socket) => socket.resume());
    const load = newLoad({ entries: [{ url, host: 'a.test' }], connections: 1, timeoutMs: 50 });
    expect(await load.count(undefined, 1)).toMatchObject({ failures: 1, closedConnections: 0 });
  });
});

describe('a VM', () => {
  it('loses nothing of a running load when it drains', async () => {
    const vm = await startVm('vm-1', { graceMs: 2000 });
    const entry = { url: `http://${vm.server}/?delay=5`, host: 'a.test' };
    const load = newLoad({ entries: [entry], connections: 4 });
    load.start();
    await expect.poll(() => load.snapshot().answered).toBeGreaterThan(20);
    vm.drain();
    const totals = await load.stop();
    expect(totals).toMatchObject({ failures: 0, closedConnections: 0, answered: totals.sent });
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function listenRaw(onSocket: (socket: Socket) => unknown): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
