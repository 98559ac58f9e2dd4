// One seed: faults come and go while pods, Services and nodes change; then all faults end.

import { setTimeout as wait } from 'node:timers/promises';
import type { ClearFault } from '../../simulated/faults.ts';
import type { Chance } from './chance.ts';
import { addNode, APPS, type Fleet, type Member, setApp } from './fleet.ts';
import { STRIKES } from './strikes.ts';

export interface Play {
  /** Names of STRIKES. */
  readonly faults: readonly string[];
  /** Whether the truth may be zero, too: then fewer wrongs can be told from rights. */
  readonly zeros: boolean;
}

const MOVES = 40;
const LONGEST_PAUSE_MS = 30;

export async function play(fleet: Fleet, { faults, zeros }: Play, chance: Chance): Promise<void> {
  const beginnings = faults.map((name) => ({ name, at: chance.between(0, MOVES / 2) }));
  const open: { readonly clear: ClearFault['clear']; readonly until: number }[] = [];
  // In one cluster, or in both, apart.
  const hit = chance.between(0, 1);
  for (let move = 0; move < MOVES; move++) {
    for (const { name } of beginnings.filter(({ at }) => at === move)) {
      const member = pick(fleet, chance.is(0.8) ? hit : 1 - hit);
      const clear = await strike(fleet, member, name, chance);
      open.push({ clear, until: move + chance.between(2, MOVES / 2) });
    }
    for (const { clear } of open.filter(({ until }) => until === move)) await clear();
    await change(fleet, zeros, chance);
    await wait(chance.between(0, LONGEST_PAUSE_MS));
  }
  for (const { clear } of open) await clear();
}

function pick(fleet: Fleet, index: number): Member {
  return index === 0 ? fleet.members[0] : fleet.members[1];
}

async function strike(
  fleet: Fleet,
  { simulated, truth, first }: Member,
  name: string,
  chance: Chance,
): Promise<ClearFault['clear']> {
  const { api } = simulated;
  const make = STRIKES[name];
  if (!make) throw new Error(`no fault ${name}`);
  const { fault, lists, away } = make(chance, { first, last: api.store.version });
  if (away) {
    await api.stop();
    await wait(20);
  }
  const { clear } = await api.fault(fault);
  if (away) await api.start();
  truth.look();
  if (lists) {
    api.endWatches();
    for (const reader of fleet.readers()) if (reader.name === simulated.name) reader.relist();
  }
  return clear;
}

async function change(fleet: Fleet, zeros: boolean, chance: Chance): Promise<void> {
  const index = chance.between(0, 1);
  const { simulated } = pick(fleet, index);
  const app = chance.of(APPS);
  const least = zeros && chance.is(0.3) ? 0 : 1;
  const known = simulated.has(app);
  const moves: Readonly<Record<string, () => unknown>> = {
    scale: () => setApp(simulated, app, chance.between(least, 12)),
    unready: () => known && setUnready(simulated, app, least, chance),
    terminate: () => known && leave(simulated, app, least, chance),
    finish: () => known && simulated.finishTermination(app),
    node: () => moveNode(simulated, index + 1, chance),
    remove: () => zeros && known && simulated.removeApp(app),
    compact: () => simulated.api.compact(),
    bookmark: () => simulated.api.bookmark(),
    restart: () => chance.is(0.3) && fleet.restart(),
    rest: () => wait(LONGEST_PAUSE_MS * 2),
  };
  const names = Object.keys(moves) as [string, ...string[]];
  await moves[chance.is(0.4) ? 'scale' : chance.of(names)]?.();
}

type Simulated = Member['simulated'];

function livePods(simulated: Simulated, app: string): number {
  return simulated.pods(app).filter(({ state }) => state !== 'terminating').length;
}

function setUnready(simulated: Simulated, app: string, least: number, chance: Chance): void {
  const live = livePods(simulated, app);
  simulated.setUnready(app, chance.between(0, Math.max(0, live - least)));
}

/** Ready ones leave last, as the real controller chooses. */
function leave(simulated: Simulated, app: string, least: number, chance: Chance): void {
  const ready = simulated.pods(app).filter(({ state }) => state === 'ready').length;
  const count = chance.between(0, Math.max(0, ready - least));
  if (chance.is(0.5)) simulated.terminatePods(app, count);
  else simulated.killPods(app, count);
}

/** One node always stays. */
function moveNode(simulated: Simulated, subnet: number, chance: Chance): void {
  const node = chance.between(2, 5);
  if (simulated.api.get('nodes', `edge-${node}`)) simulated.removeNode(`edge-${node}`);
  else addNode(simulated, subnet, node);
}
