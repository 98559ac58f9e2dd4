// One of those that are measured in turn.
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** CPU time so far, in nanoseconds, of the process that forwards requests. */
  cpu(): number;
  close(): Promise<void>;
}
