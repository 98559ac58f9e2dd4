// What a lane of the benchmark is.
import type { Limits, Row } from './rows.ts';

/** `smoke`: every row with the least that yields a number; it judges nothing but that it runs. */
export type Length = 'full' | 'quick' | 'smoke';

export interface Lane {
  readonly limits: Limits;
  /** What the numbers were measured with, one line. */
  about(): string;
  /** Calls `done` with each part's rows as they come. Leaves nothing running. */
  run(length: Length, done: (rows: readonly Row[]) => void): Promise<void>;
}
