// Paced requests, from a process of its own: so many a second, each with its own beginning, end and
// server. Times are milliseconds of the machine's monotonic clock, the same in every process.
//
// On failure of a request: its server is -1. On failure of the process: an error.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Paced {
  /** Ends it, and gives what was seen. */
  stop(): Promise<readonly PacedRequest[]>;
}

export interface PacedRequest {
  readonly began: number;
  readonly ended: number;
  /** Its place among the servers: 127.77.0.1 is 0. */
  readonly server: number;
}

export interface PacedOrder {
  readonly port: number;
  readonly host: string;
  readonly rate: number;
  /** Flows for so long before it counts: a fresh process compiles its code first. */
  readonly warmMilliseconds: number;
  /** Steps back behind what else runs on its core: where not its own times are measured. */
  readonly humble?: boolean;
}

export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Ends when requests flow. */
export async function startPaced(order: PacedOrder): Promise<Paced> {
  const child = fork(join(import.meta.dirname, 'paced-main.ts'), [JSON.stringify(order)], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of paced requests ended with ${code}`);
  });
  failed.catch(() => {});
  await Promise.race([once(child, 'message'), failed]);
  return {
    async stop() {
      child.send('stop');
      const [numbers] = (await Promise.race([once(child, 'message'), failed])) as [Float64Array];
      child.disconnect();
      await failed.catch(() => {});
      return Array.from({ length: numbers.length / 3 }, (_, i) => ({
        began: numbers[3 * i] ?? 0,
        ended: numbers[3 * i + 1] ?? 0,
        server: numbers[3 * i + 2] ?? -1,
      }));
    },
  };
}
