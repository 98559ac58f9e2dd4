// What has to be so, and for how long, before a migration goes a step further. Pure: numbers alone.

export interface Gates {
  /** Of pods, endpoints and probes at the destination: so long in a row. */
  readonly readySeconds: number;
  /** Until then they are ready, or it goes back; also how long it waits for room. */
  readonly deadlineSeconds: number;
  /** Of each step of a shift: requests are counted for so long, then judged. */
  readonly intervalSeconds: number;
  /** Requests and probes below which nothing is judged. */
  readonly samples: number;
  /** Of requests at the destination, by each edge. */
  readonly errorPercent: number;
  /** The mean time of an answer, by each edge; absent: not looked at. */
  readonly slowSeconds?: number;
  /** So many that fail one after the other, and it goes back. */
  readonly failedChecks: number;
  /** The source at 0, its pods run on. */
  readonly bakeSeconds: number;
  /** No request at the source on any edge for so long. */
  readonly quietSeconds: number;
  /** What is under way at the source then is not going to end by itself. */
  readonly drainSeconds: number;
  /** Then it is cut; else a person is asked. */
  readonly cut: boolean;
  /** `edges`: nobody asks the source but by the edges. `others`: a hook or a person says so. */
  readonly callers: 'edges' | 'others';
  /** Pollers of another kind that were seen within so long may still send requests there. */
  readonly pollersSeconds: number;
}

export const GATES: Gates = {
  readySeconds: 30,
  deadlineSeconds: 900,
  intervalSeconds: 60,
  samples: 50,
  errorPercent: 1,
  failedChecks: 3,
  bakeSeconds: 300,
  quietSeconds: 60,
  drainSeconds: 300,
  cut: false,
  callers: 'others',
  pollersSeconds: 3600,
};
