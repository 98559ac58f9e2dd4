// The faults: by signal, by cutting links, by an API server's bad answers.
//
// Comes in: the fleet, one source of chance. Goes out: a fault that strikes, and is mended afterwards.
// Each says what it may break of the traffic; a fault that cannot be brought about throws.
import { setTimeout as pause } from 'node:timers/promises';
import type { TestRedis } from '../lua/redis.ts';
import type { ChaosEdge, ChaosFleet, Controller } from './fleet.ts';
import type { Random } from './random.ts';
import type { Allowed, Traffic } from './traffic.ts';

export interface World {
  readonly fleet: ChaosFleet;
  readonly random: Random;
  /** In the order of the edges. */
  readonly traffic: readonly Traffic[];
  /** Requests of an edge that is being killed are let go first; gives back when it answers again. */
  whileDown(index: number, allowed: Allowed, work: () => Promise<void>): Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** Strikes, lets things happen in the meantime, and mends what a person would mend. */
  strike(world: World, meanwhile: () => Promise<void>): Promise<void>;
}

const leaderFirst = async ({ controllers }: ChaosFleet): Promise<[Controller, Controller]> => {
  const [first, second] = controllers;
  if (!first || !second) throw new Error('two controllers were started');
  const { leader } = await first.ballast.get<{ leader: { leading: boolean } }>('/api/v1/edges');
  return leader.leading ? [first, second] : [second, first];
};

/** For so long that leases, time-outs and the Sentinels' patience may or may not run out. */
const aWhile = ({ random }: World): Promise<void> => pause(random.between(100, 4000));

function controllerFault(
  name: string,
  work: (world: World, leader: Controller, standby: Controller) => Promise<void>,
): Fault {
  return {
    name,
    async strike(world, meanwhile) {
      const [leader, standby] = await leaderFirst(world.fleet);
      await Promise.all([work(world, leader, standby), meanwhile()]);
    },
  };
}

function edgeFault(
  name: string,
  work: (world: World, index: number, at: ChaosEdge) => Promise<void>,
): Fault {
  return {
    name,
    async strike(world, meanwhile) {
      const index = world.random.between(0, world.fleet.edges.length - 1);
      const at = world.fleet.edges[index];
      if (!at) throw new Error(`no edge ${index}`);
      await Promise.all([work(world, index, at), meanwhile()]);
    },
  };
}

function redisFault(
  name: string,
  work: (world: World, servers: { master: TestRedis; replica: TestRedis }) => Promise<void>,
): Fault {
  return {
    name,
    async strike(world, meanwhile) {
      const servers = await world.fleet.redis.roles();
      await Promise.all([work(world, servers), meanwhile()]);
    },
  };
}

async function stalled(world: World, pids: readonly (number | undefined)[]): Promise<void> {
  const known = pids.filter((pid) => pid !== undefined);
  for (const pid of known) process.kill(pid, 'SIGSTOP');
  await aWhile(world);
  for (const pid of known) process.kill(pid, 'SIGCONT');
}

type Bad = Parameters<ChaosFleet['clusters'][number]['api']['fault']>[0];

function apiFault(name: string, fault: Bad): Fault {
  return {
    name: `cluster API: ${name}`,
    async strike(world, meanwhile) {
      const { api } = world.random.pick(world.fleet.clusters);
      const { clear } = await api.fault(fault);
      await Promise.all([aWhile(world), meanwhile()]);
      await clear();
    },
  };
}

export const FAULTS: readonly Fault[] = [
  controllerFault('leader killed', async (world, leader) => {
    await leader.ballast.kill('SIGKILL');
    await aWhile(world);
    await leader.start();
  }),
  controllerFault('leader asked to end', async (world, leader) => {
    await leader.ballast.kill('SIGTERM');
    await aWhile(world);
    await leader.start();
  }),
  controllerFault('leader stalled', async (world, leader) => {
    leader.ballast.signal('SIGSTOP');
    await aWhile(world);
    leader.ballast.signal('SIGCONT');
  }),
  controllerFault('standby killed', async (world, _, standby) => {
    await standby.ballast.kill('SIGKILL');
    await aWhile(world);
    await standby.start();
  }),
  controllerFault('both controllers killed', async (world, leader, standby) => {
    await Promise.all([leader.ballast.kill('SIGKILL'), standby.ballast.kill('SIGKILL')]);
    await aWhile(world);
    await Promise.all([leader.start(), standby.start()]);
  }),
  redisFault('Redis master killed', async (world, { master }) => {
    await master.kill();
    await aWhile(world);
    await master.restart();
  }),
  redisFault('Redis master killed, comes back empty', async (world, { master }) => {
    await master.kill();
    await aWhile(world);
    await master.restart({ empty: true });
  }),
  redisFault('Redis master stalled', (world, { master }) => stalled(world, [master.pid()])),
  redisFault('Redis replica killed', async (world, { replica }) => {
    await replica.kill();
    await aWhile(world);
    await replica.restart();
  }),
  edgeFault('edge killed', (world, index, { edge }) =>
    world.whileDown(index, 'flight', async () => {
      await edge.stop('SIGKILL');
      await aWhile(world);
      await edge.start();
    }),
  ),
  edgeFault('edge worker killed', async (world, index, { edge }) => {
    world.traffic[index]?.allow('flight');
    process.kill(world.random.pick(edge.pids().workers), 'SIGKILL');
    await aWhile(world);
  }),
  edgeFault('edge reloaded', async (world, index, { edge }) => {
    world.traffic[index]?.allow('idle');
    await edge.reload();
  }),
  edgeFault('edge stalled', (world, _, { edge }) => {
    const { master, workers } = edge.pids();
    return stalled(world, [master, ...workers]);
  }),
  edgeFault('link to an edge cut', async (world, _, { control }) => {
    await control.close();
    await aWhile(world);
    await control.open();
  }),
  edgeFault('link to an edge half-open', async (world, _, { control }) => {
    control.freeze('all');
    await aWhile(world);
    control.thaw();
  }),
  edgeFault('client link cut', async (world, index, { traffic }) => {
    world.traffic[index]?.allow('flight');
    traffic.cut();
    await aWhile(world);
  }),
  apiFault('refused', { kind: 'refuse' }),
  apiFault('reset', { kind: 'reset' }),
  apiFault('silent', { kind: 'hang' }),
  apiFault('half-open', { kind: 'half-open', connections: 'all' }),
  apiFault('500', { kind: 'status', code: 500 }),
  apiFault('401', { kind: 'status', code: 401 }),
  apiFault('broken JSON', { kind: 'broken-json' }),
  apiFault('a web page', { kind: 'html' }),
  apiFault('410', { kind: 'expired' }),
];
