// One run: a seed, its plan or a part of it, and the verdict.
//
// Comes in: a seed; perhaps the numbers of the actions that are played. Goes out: what is wrong, or how
// long it took to settle once the faults had ended. On failure: what is wrong is the answer.

import { compareStamps, decodeUpstream, HOLDS, isFault } from '../../src/edges/document.ts';
import { APPS, type Action } from './actions.ts';
import { hasMoves } from './jobs/draw.ts';
import { drawPlan } from './plan.ts';
import { dueOf } from './rule.ts';
import { holdsOf } from './watch.ts';
import { World } from './world.ts';

export interface Verdict {
  readonly seed: number;
  readonly wrong?: string;
  /** From the end of the faults, in virtual milliseconds. */
  readonly settledMs?: number;
}

export interface Options {
  /** Only these actions of the plan, by number. */
  readonly keep?: readonly number[];
  readonly trace?: string[];
}

/** What the guard holds back rises by parts, each a minute; ramps and second looks have time too. */
const SETTLE_MS = 300_000;
const MOVES_SETTLE_MS = 600_000;
const LOOK_MS = 500;

export function planOf(seed: number): readonly Action[] {
  return drawPlan(seed).actions;
}

export async function run(seed: number, { keep, trace }: Options = {}): Promise<Verdict> {
  const { actions, end } = drawPlan(seed);
  const world = new World(seed, trace);
  const { time, watch } = world;
  for (const [number, action] of actions.entries()) {
    if (keep && !keep.includes(number)) continue;
    time.after(action.at, () => world.play(action));
  }
  await time.run(end, () => world.look());
  if (watch.wrong.length > 0) return wrongOf(seed, watch.wrong, trace);
  world.heal();
  let open: string | undefined = 'not looked yet';
  const look = (): void => {
    open = unsettled(world);
    time.after(LOOK_MS, look);
  };
  time.after(LOOK_MS, look);
  const patience = hasMoves(seed) ? MOVES_SETTLE_MS : SETTLE_MS;
  await time.run(end + patience, () => world.look() || open === undefined);
  if (watch.wrong.length > 0) return wrongOf(seed, watch.wrong, trace);
  if (open !== undefined) return wrongOf(seed, [`not settled: ${open}`], trace);
  return { seed, settledMs: Math.round(time.now - end) };
}

function wrongOf(seed: number, wrong: readonly string[], trace: string[] | undefined): Verdict {
  for (const text of wrong) trace?.push(`WRONG ${text}`);
  return { seed, wrong: wrong[0] ?? '' };
}

/** What is not yet as it has to be. */
function unsettled(world: World): string | undefined {
  const { documents, version, record } = world.redis.dump;
  for (const { name, memory } of world.edges) {
    for (const document of documents.values()) {
      const held = memory.documents.get(document.app);
      if (!held || compareStamps(held.stamp, document.stamp) !== 0) {
        return `${name} holds another ${document.app} than Redis`;
      }
    }
    if (memory.documents.size > documents.size) return `${name} holds more than Redis`;
    if (memory.refused.size > 0) return `${name} refuses ${[...memory.refused.keys()].join()}`;
    for (const mark of [memory.mark, memory.saved]) {
      if (mark?.version !== version || mark.term !== record?.term) {
        return `${name} is at ${JSON.stringify(mark)}, Redis at ${record?.term}.${version}`;
      }
    }
  }
  for (const app of APPS) {
    const wrong = unlike(world, app);
    if (wrong !== undefined) return wrong;
  }
  const held = new Set(holdsOf(documents.get(HOLDS)).map(({ id }) => id));
  const lost = world.watch.standing().find(({ id }) => !held.has(id));
  return lost ? `the hold ${lost.id} is lost` : world.jobs?.unsettled();
}

function unlike({ redis, clusters }: World, app: string): string | undefined {
  const { documents } = redis.dump;
  const document = documents.get(app);
  if (document?.body !== undefined && document.owner === 'endpoint') return undefined;
  const due = dueOf(app, clusters, holdsOf(documents.get(HOLDS)));
  // Nobody names it, or nobody would serve (`would-empty`): what is published may stay.
  if (![...(due?.weights.values() ?? [])].some((weight) => weight > 0)) return undefined;
  const upstream = document?.body === undefined ? undefined : decodeUpstream(document.body);
  const servers = upstream && !isFault(upstream) ? upstream.servers : [];
  const has = new Map(servers.map(({ address, weight }) => [address, weight]));
  for (const { addresses, sum } of due?.frozen ?? []) {
    const kept = addresses.reduce((all, address) => all + (has.get(address) ?? 0), 0);
    // Equal parts leave up to one a server undone.
    if (kept < sum || kept >= sum + addresses.length) {
      return `${app} keeps ${kept} at ${addresses.join(' ')}, due is ${sum}`;
    }
    for (const address of addresses) has.set(address, due?.weights.get(address) ?? 0);
  }
  const [shown, wanted] = [textOf(has), textOf(due?.weights ?? new Map())];
  return shown === wanted ? undefined : `${app} is ${shown}, due is ${wanted}`;
}

function textOf(weights: ReadonlyMap<string, number>): string {
  return [...weights]
    .map(([address, weight]) => `${address}=${weight}`)
    .toSorted()
    .join(' ');
}
