// Watches every edge all the time: no document goes back in its stamp between two starts of the edge, and
// no app is ever without a server above 0.
//
// Comes in: the edges. Goes out: what was seen that must not be. An edge that does not answer is no news.
import { setTimeout as pause } from 'node:timers/promises';
import type { TestEdge, WireStamp } from '../lua/edge.ts';
import { APPS } from './truth.ts';

const EVERY_MS = 50;

interface Seen extends WireStamp {
  readonly servers?: readonly { readonly weight: number }[];
}

interface Known {
  start: string;
  readonly stamps: Map<string, WireStamp>;
}

export interface Watch {
  /** How many documents were looked at. */
  looks(): number;
  wrong(): readonly string[];
  stop(): Promise<void>;
}

export function watchEdges(edges: readonly TestEdge[]): Watch {
  const wrong: string[] = [];
  let looks = 0;
  let isGoing = true;

  async function look(edge: TestEdge, known: Known): Promise<void> {
    const { start } = await edge.state();
    if (start !== known.start) known.stamps.clear();
    known.start = start;
    for (const app of APPS) {
      const { status, json } = await edge.call('GET', `/v1/upstreams/${app}`);
      if (status !== 200) continue;
      // Between the two calls it may have started anew.
      if ((await edge.state()).start !== start) return;
      looks += 1;
      check(edge.name, app, json as Seen, known);
    }
  }

  function check(name: string, app: string, seen: Seen, { stamps }: Known): void {
    const before = stamps.get(app);
    stamps.set(app, { term: seen.term, version: seen.version });
    if (before && isBelow(seen, before))
      wrong.push(`${name}: ${app} from ${at(before)} to ${at(seen)}`);
    if (!seen.servers?.some(({ weight }) => weight > 0))
      wrong.push(`${name}: ${app} without a server at ${at(seen)}`);
  }

  const tasks = edges.map(async (edge) => {
    const known: Known = { start: '', stamps: new Map() };
    while (isGoing) {
      await look(edge, known).catch(() => {});
      await pause(EVERY_MS);
    }
  });
  return {
    looks: () => looks,
    wrong: () => wrong,
    async stop() {
      isGoing = false;
      await Promise.all(tasks);
    },
  };
}

const at = ({ term, version }: WireStamp): string => `${term}/${version}`;

const isBelow = (one: WireStamp, other: WireStamp): boolean =>
  one.term < other.term || (one.term === other.term && one.version < other.version);
