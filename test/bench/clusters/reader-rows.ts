// The same 20,000 pods and 2,000 Services, read by each contender in turn, round after round, so that
// whatever else the machine does falls on all of them; what is compared is compared within a round.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../../controlplane/build.ts';
import { using } from '../edge/using.ts';
import type { Length } from '../lane.ts';
import { rowOf, type Row } from '../rows.ts';
import { startContender, type Listed } from './contender.ts';
import { startServer, type Server, type Shape } from './server.ts';

interface Size {
  readonly services: number;
  readonly podsOfEach: number;
  readonly rounds: number;
  readonly events: number;
}

const SIZES: Readonly<Record<Length, Size>> = {
  full: { services: 2000, podsOfEach: 10, rounds: 7, events: 2000 },
  quick: { services: 2000, podsOfEach: 10, rounds: 2, events: 2000 },
  smoke: { services: 20, podsOfEach: 10, rounds: 1, events: 20 },
};

const CALLS = 200;

/** Older API servers do not list as watches: those in pages. */
const NAMES = [
  'Ballast',
  'Ballast in pages',
  'Ballast by EndpointSlices',
  'client-node',
  'client-go',
  'client-go in pages',
];

interface Sample extends Listed {
  readonly name: string;
  readonly connections: number;
  /** Microseconds of CPU for an event. */
  readonly event: number | undefined;
}

interface Place {
  readonly server: Server;
  readonly kubeconfig: string;
}

export async function readerRows(length: Length): Promise<Row[]> {
  const size = SIZES[length];
  const { informer = '' } = await build(['informer']);
  const folder = await mkdtemp(join(tmpdir(), 'ballast-bench-'));
  try {
    return await using(async (own) => {
      const { services, podsOfEach } = size;
      const place = async (name: string, watchList: boolean): Promise<Place> => {
        const shape: Shape = { kind: 'one', services, podsOfEach, watchList };
        const server = await own(startServer(shape));
        const kubeconfig = join(folder, `${name}.kubeconfig`);
        await writeFile(kubeconfig, server.kubeconfigs[0] ?? '');
        return { server, kubeconfig };
      };
      const streams = await place('streams', true);
      const pages = await place('pages', false);
      const commands = commandsOf(streams.kubeconfig, pages.kubeconfig, join(informer, 'informer'));
      const rounds: Sample[][] = [];
      for (let round = 0; round < size.rounds; round++) {
        const samples: Sample[] = [];
        // Forth and back, so that nobody is always first.
        for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
          const { server } = name.endsWith('in pages') ? pages : streams;
          samples.push(await sampleOf(name, commands[name] ?? [], server, size));
        }
        rounds.push(samples);
      }
      return rowsOf(rounds, size);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function commandsOf(
  streams: string,
  pages: string,
  informer: string,
): Readonly<Record<string, readonly string[]>> {
  const node = (main: string, ...args: string[]): string[] => [
    process.execPath,
    '--expose-gc',
    join(import.meta.dirname, main),
    ...args,
  ];
  return {
    Ballast: node('ballast-main.ts', streams),
    'Ballast in pages': node('ballast-main.ts', pages),
    'Ballast by EndpointSlices': node('ballast-main.ts', streams, 'slices'),
    'client-node': node('client-node-main.ts', streams),
    'client-go': [informer, streams],
    'client-go in pages': [informer, pages],
  };
}

async function sampleOf(
  name: string,
  command: readonly string[],
  server: Server,
  { services, podsOfEach, events }: Size,
): Promise<Sample> {
  const { accepted: before = 0 } = await server.ask({ order: 'accepted' });
  return using(async (own) => {
    const contender = await own(startContender(command));
    const listed = await contender.list();
    if (listed.pods !== services * podsOfEach || listed.services !== services)
      throw new Error(`${name} saw ${listed.pods} pods and ${listed.services} Services`);
    await contender.calls(CALLS);
    const { accepted = 0 } = await server.ask({ order: 'accepted' });
    const connections = accepted - before;
    // Of pods there are none.
    if (name === 'Ballast by EndpointSlices')
      return { ...listed, name, connections, event: undefined };
    const send = (): Promise<unknown> => server.ask({ order: 'pods', count: events });
    const cpu = await contender.events(events, send);
    return { ...listed, name, connections, event: (cpu * 1000) / events };
  });
}

type Take = (sample: Sample) => number;

function rowsOf(rounds: readonly Sample[][], { services, podsOfEach }: Size): Row[] {
  const pods = services * podsOfEach;
  const all = (name: string, take: Take): number[] =>
    rounds.map((samples) => take(samples.find((one) => one.name === name)!));
  const against = (one: string, other: string, take: Take): number[] => {
    const others = all(other, take);
    return all(one, take).map((value, round) => value / (others[round] ?? Number.NaN));
  };
  const rivals = ['client-node', 'client-go'];
  const ours = NAMES.filter((name) => name.startsWith('Ballast'));
  const withEvents = NAMES.filter((name) => name !== 'Ballast by EndpointSlices');
  const stall = (name: string) => all(name, (one) => one.stall?.wall ?? Number.NaN);
  const worst = rounds.map((_, round) => Math.max(...ours.map((name) => stall(name)[round]!)));
  const worstCpu = rounds.map((samples) =>
    Math.max(...samples.flatMap((one) => (one.name.startsWith('Ballast') ? one.stall!.cpu : []))),
  );
  return [
    rowOf(
      'connections for 200 calls',
      'connections',
      all('Ballast', (one) => one.connections),
    ),
    ...rivals.map((name) =>
      rowOf(
        `connections for 200 calls, ${name}`,
        'connections',
        all(name, (one) => one.connections),
      ),
    ),
    ...rivals.map((name) =>
      rowOf(
        `memory a pod against ${name}`,
        'ratio',
        against('Ballast', name, (one) => one.bytes),
      ),
    ),
    ...NAMES.map((name) =>
      rowOf(
        `memory a pod, ${name}`,
        'kB',
        all(name, (one) => one.bytes / pods / 1000),
      ),
    ),
    ...rivals.map((name) =>
      rowOf(
        `time to synced against ${name}`,
        'ratio',
        against('Ballast', name, (one) => one.milliseconds),
      ),
    ),
    ...NAMES.map((name) =>
      rowOf(
        `time to synced, ${name}`,
        'ms',
        all(name, (one) => one.milliseconds),
      ),
    ),
    ...NAMES.map((name) =>
      rowOf(
        `CPU until synced, ${name}`,
        'ms',
        all(name, (one) => one.cpu),
      ),
    ),
    rowOf('longest stall, ms', 'ms', worst),
    rowOf('longest stall, ms of CPU', 'ms', worstCpu),
    ...[...ours, 'client-node'].map((name) => rowOf(`longest stall, ${name}`, 'ms', stall(name))),
    ...withEvents.map((name) =>
      rowOf(
        `CPU an event, ${name}`,
        'us',
        all(name, (one) => one.event ?? Number.NaN),
      ),
    ),
  ];
}
