// Numbers as they are shown.

/** `33.3 %` */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

export function whole(count: number): string {
  return count.toLocaleString('en').replaceAll(',', '\u202f');
}

export function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum;
}

/** Servers of one place together. */
export interface Placed {
  readonly from: string;
  readonly weight: number;
  readonly share: number;
}

export function byPlace<Server extends Placed>(servers: readonly Server[]): Map<string, Server[]> {
  const places = new Map<string, Server[]>();
  for (const server of servers) {
    const own = places.get(server.from);
    if (own) own.push(server);
    else places.set(server.from, [server]);
  }
  return places;
}
