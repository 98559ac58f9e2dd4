// The apps that are measured, and where their servers are.
import type { WireServer } from '../../lua/leader.ts';

export interface App {
  readonly name: string;
  readonly host: string;
  readonly servers: readonly WireServer[];
}

/** `app-0.example` and so on: the load's script makes the same names. */
export function hostOf(number: number): string {
  return `app-${number}.example`;
}

export function appOf(number: number, servers: readonly WireServer[]): App {
  return { name: `app-${number}`, host: hostOf(number), servers };
}

/** Uneven, mostly without a common divisor, and a lap of 300 servers stays below 4,096 slots. */
export function weightOf(index: number): number {
  return 5 + ((index * 7) % 13);
}

export function oneApp(addresses: readonly string[], count: number): App[] {
  const servers = addresses
    .slice(0, count)
    .map((address, i) => ({ address, weight: weightOf(i), from: 'east' }));
  return [appOf(0, servers)];
}

const SERVERS_AN_APP = 10;
/** Ingress nodes that many apps share. */
export const SHARED_NODES = 30;

/** Apps that share the ingress nodes: each has ten of them, with weights of its own. `turn` shifts
 *  the weights: other documents for the same apps. */
export function manyApps(addresses: readonly string[], count: number, turn = 0): App[] {
  const nodes = addresses.slice(0, SHARED_NODES);
  return Array.from({ length: count }, (_, app) => {
    const servers = Array.from({ length: SERVERS_AN_APP }, (_, k) => ({
      address: nodes[(app * 7 + k * 3) % nodes.length] ?? '',
      weight: weightOf(app + k + turn),
      from: 'east',
    }));
    return appOf(app, servers);
  });
}

export function weightsOf(app: App): Record<string, number> {
  return Object.fromEntries(app.servers.map(({ address, weight }) => [address, weight]));
}
