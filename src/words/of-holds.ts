// The words that change holds: say some, lift one, outlive them.
//
// Comes in: holds that the API has checked. Goes out: words, decided from the holds that stand at
// their turn. On failure: a BallastError that names the hold.

import { encodeHolds, type HoldsBody } from '../edges/holds-body.ts';
import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Hold } from '../model.ts';
import { appsOf, expired, rememberKept } from '../weights/hold-changes.ts';
import { speaksOf, type Scope } from '../weights/holds.ts';
import type { Decision, Word } from './word.ts';

/** Every edge holds all of it, in memory and on disk. */
const BYTES = 1024 * 1024;

/** A hold before it stands: `since`, and what a freeze keeps unless it says so, are of its commit. */
export type NewHold = Omit<Hold, 'since'>;

/** `lifted`: ids of holds that these stand instead of. */
export function addHolds(
  actor: string,
  added: readonly NewHold[],
  lifted: readonly string[] = [],
): Word {
  return {
    actor,
    text: [...added.map(textOf), ...lifted.map((id) => `lift ${id}`)].join('; '),
    decide(published, now) {
      const { held } = published;
      const old = lifted.map((id) => find(held, id));
      const rest = held.holds.filter((hold) => !old.includes(hold));
      const known = new Set(rest.map(({ id }) => id));
      for (const { id } of added) {
        if (known.has(id)) throw new BallastError('hold-exists', `${id} stands already`);
        known.add(id);
      }
      const holds = added.map((hold) =>
        hold.kept ? { ...hold, since: now } : rememberKept({ ...hold, since: now }, published),
      );
      return {
        ...changeHolds(held, [...rest, ...holds], [...old, ...holds]),
        binds: (app) => stops(published, app, holds),
      };
    },
  };
}

export function liftHold(actor: string, id: string): Word {
  return {
    actor,
    text: `lift ${id}`,
    decide({ held }) {
      const hold = find(held, id);
      const rest = held.holds.filter((one) => one !== hold);
      return changeHolds(held, rest, [hold]);
    },
  };
}

/** One that a person may lift. */
function find(held: HoldsBody, id: string): Hold {
  const hold = held.holds.find((one) => one.id === id);
  if (!hold) throw new BallastError('hold-unknown', `no hold ${id}`);
  const { job, debt } = hold;
  if (job !== undefined) throw new BallastError('hold-of-job', `${id} is held by job ${job}`);
  if (debt === undefined) return hold;
  throw new BallastError('hold-of-debt', `${id} lasts as long as debt ${debt}`);
}

/** Ends those that are over, each by its name. */
export function expiry(ending: readonly Hold[]): Word {
  const ids = new Set(ending.map(({ id }) => id));
  return {
    actor: 'controller',
    text: `over: ${ending.map(textOf).join('; ')}`,
    decide({ held }, now) {
      const over = expired(held.holds, now).filter(({ id }) => ids.has(id));
      if (over.length === 0) throw new BallastError('hold-unknown', 'none is over');
      const rest = held.holds.filter((hold) => !over.includes(hold));
      return changeHolds(held, rest, over);
    },
  };
}

export function changeHolds(
  held: HoldsBody,
  holds: readonly Hold[],
  moved: readonly Hold[],
): Decision {
  const body = { ...held, holds };
  if (encodeHolds(body).length > BYTES) {
    throw new BallastError('holds-full', `all holds together may have ${BYTES} bytes`);
  }
  return { apps: appsOf(moved), holds: body };
}

/** Apps that go on as if nothing were held: a hold speaks of their servers, but they are not ours. */
export function unheld(published: Published, holds: readonly Scope[]): AppName[] {
  return [...published.apps()].filter(
    (app) => published.app(app)?.owner === 'endpoint' && stops(published, app, holds),
  );
}

/** The guard refuses an app for these holds' sake: they would take a server that serves. */
function stops(published: Published, app: AppName, holds: readonly Scope[]): boolean {
  const servers = published.app(app)?.upstream.servers ?? [];
  return servers.some(
    (server) => server.weight > 0 && holds.some((hold) => speaksOf(hold, app, server)),
  );
}

/** `drain h-7 of cluster east: repair`. */
export function textOf({ id, kind, weight, app, cluster, server, why }: NewHold): string {
  const scope = Object.entries({ app, cluster, server })
    .filter(([, name]) => name !== undefined)
    .map(([word, name]) => `${word} ${name}`);
  const to = weight === undefined ? '' : ` at ${weight}`;
  return `${kind} ${id} of ${scope.join(', ')}${to}: ${why}`;
}
