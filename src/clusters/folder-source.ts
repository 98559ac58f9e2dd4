// A folder of kubeconfigs, one cluster a file.
//
// Comes in: the folder, and what was good before. Goes out: an order for each file. On failure: a file
// that cannot be used keeps its last good order, a folder that cannot be read all of them; both are said.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, type FilesSeen, type FilesSource } from './files-source.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { ClusterOrder } from './registry.ts';
import { type ClusterSourceSettings, settingsFor } from './settings.ts';

const LOOKS = 4;

export function folderSource(folder: string, source: ClusterSourceSettings): FilesSource {
  return (good) => readFolder(folder, source, good);
}

/** A file that goes between its listing and its reading is asked for again: the whole folder may be gone. */
async function readFolder(
  folder: string,
  source: ClusterSourceSettings,
  good: ReadonlyMap<string, ClusterOrder>,
): Promise<FilesSeen> {
  for (let looks = 1; ; looks++) {
    const { gone, ...seen } = await look(folder, source, good);
    if (!gone || looks === LOOKS) return seen;
  }
}

async function look(
  folder: string,
  source: ClusterSourceSettings,
  good: ReadonlyMap<string, ClusterOrder>,
): Promise<FilesSeen & { readonly gone: boolean }> {
  const orders = new Map<string, ClusterOrder>();
  const trouble: string[] = [];
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (files instanceof Error) {
    const why = `folder ${folder} cannot be read (${files.code})`;
    return { orders: good, trouble: [why], gone: false };
  }
  let gone = false;
  for (const file of files.filter(isKubeconfig).toSorted()) {
    try {
      const order = await readOrder(folder, file, source);
      if (order) orders.set(file, order);
    } catch (error) {
      gone ||= codeOf((error as Error).cause) === 'ENOENT';
      const last = good.get(file);
      if (last) orders.set(file, last);
      const kept = last ? '; its last good content stays' : '';
      trouble.push(`${join(folder, file)}: ${(error as Error).message}${kept}`);
    }
  }
  return { orders, trouble, gone };
}

const codeOf = (cause: unknown): unknown => (cause as NodeJS.ErrnoException | undefined)?.code;

/** Kubernetes and editors hide what they are about to write behind a dot, or put a `~` after it. */
function isKubeconfig(file: string): boolean {
  return !file.startsWith('.') && !file.endsWith('~');
}

async function readOrder(
  folder: string,
  file: string,
  source: ClusterSourceSettings,
): Promise<ClusterOrder | undefined> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR') return undefined;
    throw new Error(`cannot be read (${error.code})`, { cause: error });
  });
  if (text === undefined) return undefined;
  const name = file.replace(/\.[^.]*$/, '');
  const load = async (now: string) => readKubeconfig(now, undefined, { name, folder });
  await load(text);
  return {
    settings: settingsFor(name, source),
    digest: digestOf(text),
    // Read anew: it is asked for after a 401 too.
    load: async () => load(await readFile(path, 'utf8')),
  };
}
