// The files of a fan-out, read, and the options by which they are planned.

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { readFanout } from '../../fanout/fanout.ts';
import type { Orders } from '../../fanout/model.ts';
import type { PlanOptions } from '../../fanout/plan/world.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { SourceOptions } from './options.ts';

export interface Source {
  readonly orders: Orders;
  readonly options: PlanOptions;
}

/** Throws a CommandFailure with every fault of the files, a line each. */
export async function readSource(given: SourceOptions): Promise<Source> {
  const { federatedNamespace: federatedNamespaces = [], registry = [], return: returning } = given;
  const files = await Promise.all(given.file.map(readText));
  const read = readFanout(files, { federatedNamespaces });
  if (read.kind === 'faults') throw new CommandFailure(EXIT.failed, read.faults.join('\n'));
  const { name, karmadaDivision, reschedule, adopt, prune } = given;
  const { strictTotal, cronJobs, initContainers } = given;
  return {
    orders: read.orders,
    options: {
      ...(name !== undefined && { name }),
      karmadaDivision,
      reschedule,
      adopt,
      prune,
      strictTotal,
      cronJobs,
      initContainers,
      registries: registry,
      ...(returning && { returning }),
    },
  };
}

export async function readText(name: string): Promise<{ name: string; text: string }> {
  try {
    return { name, text: name === '-' ? await text(process.stdin) : await readFile(name, 'utf8') };
  } catch (cause) {
    throw new CommandFailure(EXIT.failed, `${name}: cannot be read: ${(cause as Error).message}`);
  }
}
