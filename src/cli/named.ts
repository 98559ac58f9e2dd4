// Whether what a word names is there. A hold may come before its app; who says one by hand may have mistyped it.
//
// Comes in: the names of a hold. Goes out: a line on the error output for each that is not known; of a cluster
// that has to be there, a CommandFailure that says which there are.

import type { ClusterAnswer } from '../api/shapes.ts';
import { callerOf } from './asking.ts';
import { type Caller, segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export interface Named {
  readonly app?: string | undefined;
  readonly cluster?: string | undefined;
}

/** What waits for a name that nobody knows holds nothing until then. */
export async function noteUnknown({ app, cluster }: Named, options: PlaceOptions): Promise<void> {
  const caller = await callerOf(options);
  if (app !== undefined && !(await isApp(caller, app))) {
    process.stderr.write(`no app ${app} is known: this holds nothing until there is one\n`);
  }
  const fault = cluster === undefined ? undefined : await faultOf(caller, cluster);
  if (fault !== undefined)
    process.stderr.write(`${fault}: this holds nothing until there is one\n`);
}

export async function needCluster(name: string, options: PlaceOptions): Promise<void> {
  const fault = await faultOf(await callerOf(options), name);
  if (fault !== undefined) throw new CommandFailure(EXIT.notFound, `cluster-unknown: ${fault}`);
}

async function isApp(caller: Caller, name: string): Promise<boolean> {
  return caller.ask(`/apps/${segment(name)}`).then(
    () => true,
    (error: unknown) => {
      if (error instanceof CommandFailure && error.exitCode === EXIT.notFound) return false;
      throw error;
    },
  );
}

async function faultOf(caller: Caller, cluster: string): Promise<string | undefined> {
  const { body } = await caller.ask<{ readonly items: readonly ClusterAnswer[] }>('/clusters');
  const names = body.items.map(({ name }) => name);
  if (cluster === 'vm' || names.includes(cluster)) return undefined;
  return `no cluster ${cluster}; there are: ${names.join(', ') || 'none'}`;
}
