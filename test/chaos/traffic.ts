// Steady traffic through every edge, and what of it failed: by whose doing.
//
// Comes in: the edges. Goes out: counts. What a fault is allowed to break is told beforehand: requests in
// flight in a killed edge, or on a cut client link, and no more of them than there are connections.
import { Load } from '../simulated/load.ts';
import type { LoadTotals } from '../simulated/load-tally.ts';
import type { ChaosEdge } from './fleet.ts';
import { APPS, hostOf } from './truth.ts';

const CONNECTIONS = 4;
const PER_SECOND = 60;

/** What a fault may break on this edge: nothing; kept connections; and what is in flight. */
export type Allowed = 'nothing' | 'idle' | 'flight';

export interface TrafficCounts {
  readonly answered: number;
  readonly failures: readonly string[];
  /** Failures and closed connections that the fault was allowed to cause. */
  readonly apart: number;
}

export class Traffic {
  readonly #edge: ChaosEdge;
  readonly #load: Load;
  #allowed: Allowed = 'nothing';
  /** From before pauses. */
  readonly #earlier: LoadTotals[] = [];

  constructor(edge: ChaosEdge) {
    this.#edge = edge;
    const url = `http://127.0.0.1:${edge.traffic.port}`;
    const entries = APPS.map((app) => ({ url, host: hostOf(app) }));
    this.#load = new Load({
      entries,
      connections: CONNECTIONS,
      perSecond: PER_SECOND,
      timeoutMs: 10_000,
    });
  }

  start(): void {
    this.#load.start();
  }

  /** No more are sent until the next `start`; what is in flight comes to its end. */
  async pause(): Promise<void> {
    this.#earlier.push(await this.#load.stop());
  }

  /** Until the next `read`. */
  allow(allowed: Allowed): void {
    this.#allowed = allowed;
  }

  answered(): number {
    return this.#load.snapshot().answered;
  }

  /** Stops, and answers what was since the start. */
  async read(): Promise<TrafficCounts> {
    const all = [...this.#earlier.splice(0), await this.#load.stop()];
    const sum = (key: 'answered' | 'failures' | 'closedConnections'): number =>
      all.reduce((total, one) => total + one[key], 0);
    const [answered, failures] = [sum('answered'), sum('failures')];
    const closedConnections = sum('closedConnections');
    const failureTexts = all.flatMap((one) => one.failureTexts);
    const allowed = this.#allowed;
    this.#allowed = 'nothing';
    const name = this.#edge.edge.name;
    const texts = failureTexts.map((text) => `${name}: ${text}`);
    if (closedConnections > 0 && allowed === 'nothing')
      texts.push(`${name}: ${closedConnections} kept connections were closed`);
    if (allowed !== 'flight' || failures > CONNECTIONS)
      return { answered, failures: texts, apart: allowed === 'nothing' ? 0 : closedConnections };
    return { answered, failures: [], apart: failures + closedConnections };
  }

  close(): Promise<void> {
    return this.#load.close();
  }
}
