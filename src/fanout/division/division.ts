// Division: how many replicas of one workload each cluster gets, and by which rule. Pure.
//
// Comes in: clusters by name, what the team asks for them, what runs and what has room (numbers only;
// the readers know YAML). Goes out: a number for every cluster with the steps that made it in words,
// what found no place and what was written beyond a cluster's room. On failure: a code and a text with
// the numbers, and nothing is divided.

/** What one cluster gets. */
export interface Portion {
  readonly cluster: string;
  readonly replicas: number;
  /** Of them, those for which the cluster is known to have no room now. */
  readonly overflow: number;
  /** Whether the object is written there; 0 replicas may mean either. */
  readonly object: boolean;
  /** The steps that made the number, in order. */
  readonly reasons: readonly string[];
}

export interface Divided {
  readonly ok: true;
  /** By the cluster's name. */
  readonly portions: readonly Portion[];
  readonly asked: number;
  /** The sum of the portions. More than `asked` only where Federation's overflow adds to a full total. */
  readonly written: number;
  readonly unplaced: number;
  readonly overflow: number;
}

export interface Undivided {
  readonly ok: false;
  readonly code: 'no-clusters' | 'too-few-clusters' | 'no-room';
  readonly text: string;
  readonly asked: number;
}

export type Division = Divided | Undivided;

export function divided(portions: readonly Portion[], asked: number): Divided {
  let written = 0;
  let overflow = 0;
  for (const portion of portions) {
    written += portion.replicas;
    overflow += portion.overflow;
  }
  const sorted = portions.toSorted((a, b) => byName(a.cluster, b.cluster));
  return {
    ok: true,
    portions: sorted,
    asked,
    written,
    unplaced: Math.max(0, asked - written),
    overflow,
  };
}

/** By code units, which is by bytes for the names Kubernetes allows. Names are unique. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
