// The names of a fan-out's steps: `apply east 3`. Pure.

export const VERBS = [
  'hold',
  'acknowledge',
  'quiet',
  'apply',
  'gate',
  'release',
  'watch',
  'soak',
  'hold-again',
  'acknowledge-again',
  'quiet-again',
  'undo',
  'gate-again',
  'release-again',
  'clear',
  'clear-again',
] as const;

export type Verb = (typeof VERBS)[number];

export interface StepName {
  readonly verb: Verb;
  /** Of a soak: the wave's place. */
  readonly lane: string;
  /** Of apply and undo: the entry's place. */
  readonly entry: number;
}

export function stepOf(verb: Verb, lane: string, entry?: number): string {
  return entry === undefined ? `${verb} ${lane}` : `${verb} ${lane} ${entry}`;
}

export function readStep(id: string): StepName {
  const [verb = '', lane = '', entry = '-1'] = id.split(' ');
  return { verb: verb as Verb, lane, entry: Number(entry) };
}
