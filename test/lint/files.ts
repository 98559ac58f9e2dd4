// The files of a checkout that the checks read, as paths from its root.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A check reads a checkout and answers with complaints, `file:line: what is wrong`. */
export type Check = (root: string) => readonly string[] | Promise<readonly string[]>;

export function filesIn(root: string, folders: readonly string[], ending: RegExp): string[] {
  return folders.flatMap((folder) => walk(root, folder)).filter((file) => ending.test(file));
}

function walk(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(root, path) : [path];
  });
}

export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
