// What the live table shows, asked of Ballast's API and of each edge's endpoint.

import type { DemoFleet } from './fleet.ts';

export interface ShownApp {
  readonly name: string;
  readonly clusters: readonly {
    readonly name: string;
    readonly state: string;
    readonly pods: number;
    readonly ingressNodes: readonly unknown[];
    readonly weight: number;
    readonly formula: string;
  }[];
  readonly vms: readonly string[];
  readonly servers: readonly {
    readonly from: string;
    readonly weight: number;
    readonly formula?: string;
    readonly share: number;
    readonly measuredShare?: number;
  }[];
}

export interface ShownEdge {
  readonly name: string;
  readonly workers: readonly { readonly mark: { readonly version: number } | null }[];
}

export interface Shown {
  readonly apps: readonly ShownApp[];
  readonly edges: readonly ShownEdge[];
}

export async function readShown(fleet: DemoFleet): Promise<Shown> {
  const [apps, edges] = await Promise.all([
    Promise.all(fleet.apps.map((name) => readApp(fleet, name))),
    Promise.all(fleet.edges.map((edge) => edge.state())),
  ]);
  return { apps, edges };
}

async function readApp({ url }: DemoFleet, name: string): Promise<ShownApp> {
  const reply = await fetch(`${url}/api/v1/apps/${name}`);
  if (!reply.ok) throw new Error(`the API says ${reply.status} of ${name}`);
  return (await reply.json()) as ShownApp;
}
