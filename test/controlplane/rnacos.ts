// A real registry with Nacos's HTTP API, version 1 (rnacos), and servers that enrol themselves there as
// Nacos's clients do: they register, and say every few seconds that they are alive.
//
// In: nothing. Out: a registry that answers, on ports of its own (it listens on all addresses). On failure:
// an error that quotes its log. Nothing stays, in whatever way the test process ends.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { build } from './build.ts';
import { startKeeper } from './keeper.ts';
import { Part } from './part.ts';
import { freePorts } from './ports.ts';
import { answers } from './readiness.ts';

export interface Instance {
  readonly ip: string;
  readonly port: number;
  readonly healthy: boolean;
}

export interface Registry {
  readonly url: string;
  instances(service: string): Promise<readonly Instance[]>;
  /** And keeps it alive until it is deregistered, or falls silent. */
  register(service: string, address: string): Promise<void>;
  deregister(service: string, address: string): Promise<void>;
  silence(service: string, address: string): void;
  /** SIGKILL. Instances are kept in memory alone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const BEAT_MS = 2000;
const START_MS = 30_000;

export async function startRegistry(): Promise<Registry> {
  const { rnacos = '' } = await build(['rnacos']);
  const folder = await mkdtemp(join(tmpdir(), 'ballast-rnacos-'));
  await mkdir(join(folder, 'logs'));
  const keeper = startKeeper(folder);
  const [http = 0, grpc = 0, console = 0] = await freePorts(3);
  const env = {
    RNACOS_HTTP_PORT: `${http}`,
    RNACOS_GRPC_PORT: `${grpc}`,
    RNACOS_HTTP_CONSOLE_PORT: `${console}`,
    RNACOS_DATA_DIR: join(folder, 'data'),
  };
  const binary = join(rnacos, 'rnacos');
  const part = new Part({ name: 'rnacos', binary, args: [], env }, { folder, keeper });
  const url = `http://127.0.0.1:${http}`;
  const beats = new Map<string, NodeJS.Timeout>();

  async function call(method: string, path: string, query: object): Promise<string> {
    const answer = await fetch(`${url}/nacos/v1/ns/${path}?${new URLSearchParams({ ...query })}`, {
      method,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }
  const place = (serviceName: string, address: string) => {
    const [ip = '', port = ''] = address.split(':');
    return { serviceName, ip, port, ephemeral: 'true' };
  };
  const silence = (service: string, address: string): void => {
    clearInterval(beats.get(`${service} ${address}`));
    beats.delete(`${service} ${address}`);
  };

  const registry: Registry = {
    url,
    async instances(serviceName) {
      const answer = await call('GET', 'instance/list', { serviceName });
      return (JSON.parse(answer) as { hosts: Instance[] }).hosts;
    },
    async register(service, address) {
      const at = place(service, address);
      await call('POST', 'instance', at);
      silence(service, address);
      const { serviceName, ip, port } = at;
      const beat = JSON.stringify({ serviceName, ip, port: Number(port) });
      // A beat into a registry that is away is lost, as a server's own is.
      const send = () => void call('PUT', 'instance/beat', { ...at, beat }).catch(() => undefined);
      beats.set(`${service} ${address}`, setInterval(send, BEAT_MS));
    },
    async deregister(service, address) {
      silence(service, address);
      await call('DELETE', 'instance', place(service, address));
    },
    silence,
    kill: () => part.stop('SIGKILL'),
    async start() {
      part.start();
      await part.ready(
        () => answers(`${url}/nacos/v1/ns/service/list?pageNo=1&pageSize=1`),
        START_MS,
      );
    },
    async close() {
      for (const beat of beats.values()) clearInterval(beat);
      await part.stop();
      keeper.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
  try {
    await registry.start();
    return registry;
  } catch (cause) {
    await registry.close();
    throw cause;
  }
}
