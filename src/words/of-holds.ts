// The words that change holds: say some, lift one, outlive them.
//
// Comes in: holds that the API has checked. Goes out: words, decided from the holds that stand at
// their turn. On failure: a BallastError that names the hold.

import { encodeHolds, type HoldsBody } from '../edges/holds-body.ts';
import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Hold } from '../model.ts';
import { appsOf, expired, rememberKept } from '../weights/hold-changes.ts';
import { speaksOf } from '../weights/holds.ts';
import type { Decision, Word } from './word.ts';

/** Every edge holds all of it, in memory and on disk. */
const BYTES = 1024 * 1024;

/** A hold before it stands: `since` and what a freeze keeps are of the moment of its commit. */
export type NewHold = Omit<Hold, 'since' | 'kept'>;

export function addHolds(actor: string, added: readonly NewHold[]): Word {
  return {
    actor,
    text: added.map(textOf).join('; '),
    decide(published, now) {
      const { held } = published;
      const known = new Set(held.holds.map(({ id }) => id));
      for (const { id } of added) {
        if (known.has(id)) throw new BallastError('hold-exists', `${id} stands already`);
        known.add(id);
      }
      const holds = added.map((hold) => rememberKept({ ...hold, since: now }, published));
      return {
        ...changeHolds(held, [...held.holds, ...holds], holds),
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
      const hold = held.holds.find((one) => one.id === id);
      if (!hold) throw new BallastError('hold-unknown', `no hold ${id}`);
      if (hold.job !== undefined) {
        throw new BallastError('hold-of-job', `${id} is held by job ${hold.job}`);
      }
      const rest = held.holds.filter((one) => one !== hold);
      return changeHolds(held, rest, [hold]);
    },
  };
}

export function expiry(): Word {
  return {
    actor: 'controller',
    text: 'holds that are over',
    decide({ held }, now) {
      const over = expired(held.holds, now);
      const rest = held.holds.filter((hold) => !over.includes(hold));
      return changeHolds(held, rest, over);
    },
  };
}

function changeHolds(held: HoldsBody, holds: readonly Hold[], moved: readonly Hold[]): Decision {
  const body = { ...held, holds };
  if (encodeHolds(body).length > BYTES) {
    throw new BallastError('holds-full', `all holds together may have ${BYTES} bytes`);
  }
  return { apps: appsOf(moved), holds: body };
}

/** The guard refuses an app for these holds' sake: they would take a server that serves. */
function stops(published: Published, app: AppName, holds: readonly Hold[]): boolean {
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
