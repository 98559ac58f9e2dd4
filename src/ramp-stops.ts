// Why a cluster on its way up takes no step: what the edges count, and how often that stopped it.
//
// Comes in: figures of the last minute, the ramps of each round. Goes out: the reason with the figures.
// On failure: few requests say nothing: they stop nobody, and let nobody go on who was stopped. A new
// leader knows of no stop before.

import type { AppName, ClusterName, Reason } from './model.ts';
import type { Climbing, Ramp } from './weights/ramps.ts';

/** Requests and failures in the last minute. */
export interface Figures {
  readonly requests: number;
  readonly failures: number;
}

export interface RampStops {
  /** Undefined: it may step. */
  why(climbing: Climbing, figures: Figures, most: number): Reason | undefined;
  /** The ramps of an app as a round found them; whose ramp is not there any more begins anew. */
  looked(app: AppName, ramps: ReadonlyMap<ClusterName | 'vm', Ramp>): void;
}

export interface TellsRamps {
  ramp(
    app: AppName,
    from: ClusterName | 'vm',
    state: 'stopped' | 'abandoned' | 'on',
    text: string,
  ): void;
}

interface Stops {
  readonly times: number;
  /** Since its last step. */
  readonly stands: boolean;
}

/** Fewer say nothing. */
const REQUESTS_THAT_TELL = 20;
/** So often it is tried; then a person has to look. */
const STOPS_TO_ABANDON = 3;

export function noteRampStops(reporter: TellsRamps): RampStops {
  const stops = new Map<AppName, ReadonlyMap<ClusterName | 'vm', Stops>>();

  const tell = (
    app: AppName,
    from: ClusterName | 'vm',
    { ramp, next }: { readonly ramp: Ramp; readonly next: Stops },
  ): void => {
    const { stopped, weight, of } = ramp;
    const text = stopped?.text ?? `${weight} of ${of}`;
    const ended = next.times >= STOPS_TO_ABANDON ? 'abandoned' : 'stopped';
    reporter.ramp(app, from, next.stands ? ended : 'on', text);
  };

  return {
    why({ app, from }, figures, most) {
      const known = stops.get(app)?.get(from);
      if (known?.stands && known.times >= STOPS_TO_ABANDON) return abandoned(from, figures, known);
      const { requests, failures } = figures;
      if (requests < REQUESTS_THAT_TELL) return known?.stands ? silent(from, requests) : undefined;
      return failures * 100 > most * requests ? failing(from, figures, most) : undefined;
    },
    looked(app, ramps) {
      const before = stops.get(app);
      const now = new Map<ClusterName | 'vm', Stops>();
      for (const [from, ramp] of ramps) {
        const known = before?.get(from) ?? { times: 0, stands: false };
        const next = follow(known, ramp);
        if (next.times > 0) now.set(from, next);
        if (next.stands !== known.stands) tell(app, from, { ramp, next });
      }
      if (now.size > 0) stops.set(app, now);
      else stops.delete(app);
    },
  };
}

function follow({ times, stands }: Stops, { stopped, stepped }: Ramp): Stops {
  if (stopped && !stands) return { times: times + 1, stands: true };
  return { times, stands: stands && !stepped };
}

function failing(from: string, { requests, failures }: Figures, most: number): Reason {
  return {
    code: 'ramp-stopped',
    text:
      `${from} stays where it is on its way up: ${failures} of ${requests} requests failed there ` +
      `in the last minute (${percentOf(failures, requests)} %, at most ${most} % may). It goes on ` +
      'once they do not, or as a hold says.',
  };
}

function silent(from: string, requests: number): Reason {
  return {
    code: 'ramp-stopped',
    text:
      `${from} stays where it is on its way up: too many requests had failed there, and ${requests} in ` +
      `the last minute are too few to tell. It goes on once ${REQUESTS_THAT_TELL} went well, or as a ` +
      'hold says.',
  };
}

function abandoned(from: string, { requests, failures }: Figures, { times }: Stops): Reason {
  return {
    code: 'ramp-abandoned',
    text:
      `${from} stays where it is: failed requests have stopped it ${times} times on its way up ` +
      `(${failures} of ${requests} failed in the last minute). Mend it, then drain it and lift the ` +
      'drain: it rises anew; or pin it.',
  };
}

function percentOf(part: number, whole: number): number {
  return Math.round((part / whole) * 1000) / 10;
}
