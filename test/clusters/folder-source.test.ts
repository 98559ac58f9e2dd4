// A folder of kubeconfigs, as people and mounted Secrets write it, on the real disk.

import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { followFiles, listedSource } from '../../src/clusters/files-source.ts';
import { folderSource } from '../../src/clusters/folder-source.ts';
import type { SourceWord } from '../../src/clusters/registry.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';
import { makeFolder } from './open-link.ts';
import { eventually } from './watched-cluster.ts';

const SOURCE = { ingress: { nodes: 'ingress=true', port: 80 }, namespaces: ['prod'] };
const kubeconfig = (token: string): string => new SimulatedApiServer().kubeconfig(token);

/** Follows with pauses of a hundredth. */
function follow(read: Parameters<typeof followFiles>[0]): SourceWord[] {
  const words: SourceWord[] = [];
  const stop = new AbortController();
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal),
  };
  const tell = async (word: SourceWord): Promise<void> => void words.push(word);
  const ended = followFiles(read, tell, { clock, signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return words;
}

const followFolder = (folder: string): SourceWord[] => follow(folderSource(folder, SOURCE));

const names = (words: readonly SourceWord[]) =>
  words.at(-1)?.orders.map(({ settings }) => settings.name);

async function tokenOf(words: readonly SourceWord[], name: string): Promise<string | undefined> {
  const order = words.at(-1)?.orders.find(({ settings }) => settings.name === name);
  return (await order?.load())?.config.getCurrentUser()?.token;
}

test('a cluster a file, named by it; files come, change and go', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'east.kubeconfig'), kubeconfig('one'));
  await writeFile(join(folder, '.hidden'), 'no YAML: {');
  await writeFile(join(folder, 'east.yaml~'), 'no YAML: {');
  await mkdir(join(folder, 'inner'));
  const words = followFolder(folder);
  await eventually(() => expect(names(words)).toEqual(['east']));
  expect(words[0]?.orders[0]?.settings).toEqual({ name: 'east', ...SOURCE });

  await writeFile(join(folder, 'west'), kubeconfig('two'));
  await eventually(() => expect(names(words)).toEqual(['east', 'west']));
  const before = words.at(-1)?.orders[0]?.digest;
  await writeFile(join(folder, 'east.kubeconfig'), kubeconfig('three'));
  await eventually(() => expect(words.at(-1)?.orders[0]?.digest).not.toBe(before));
  expect(await tokenOf(words, 'east')).toBe('three');
  await unlink(join(folder, 'east.kubeconfig'));
  await eventually(() => expect(names(words)).toEqual(['west']));
  expect(words.flatMap(({ trouble }) => trouble)).toEqual([]);
});

test('a mounted Secret: the link that it swaps is followed', async () => {
  const folder = await makeFolder();
  const swap = async (version: string, token: string): Promise<void> => {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'east'), kubeconfig(token));
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await swap('..one', 'one');
  await symlink('..data/east', join(folder, 'east'));
  const words = followFolder(folder);
  await eventually(() => expect(names(words)).toEqual(['east']));
  await swap('..two', 'two');
  await eventually(() => expect(words).toHaveLength(2));
  expect(await tokenOf(words, 'east')).toBe('two');
  expect(words.at(-1)?.trouble).toEqual([]);
});

test('a file that breaks keeps its last good content and is named; another is not harmed', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'east'), kubeconfig('one'));
  await writeFile(join(folder, 'west'), kubeconfig('one'));
  const words = followFolder(folder);
  await eventually(() => expect(names(words)).toEqual(['east', 'west']));
  const good = words.at(-1)?.orders[0]?.digest;
  await writeFile(join(folder, 'east'), 'clusters: []');
  await eventually(() => expect(words.at(-1)?.trouble).toHaveLength(1));
  expect(words.at(-1)?.trouble[0]).toMatch(/\/east: no context.*; its last good content stays$/);
  expect(words.at(-1)?.orders[0]?.digest).toBe(good);
  await writeFile(join(folder, 'east'), kubeconfig('two'));
  await eventually(() => expect(words.at(-1)?.trouble).toEqual([]));
});

test('a file that never was good is named', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'east'), '{');
  const words = followFolder(folder);
  await eventually(() => expect(words.at(-1)?.trouble).toHaveLength(1));
  expect(names(words)).toEqual([]);
});

test('a folder that is gone keeps all', async () => {
  const folder = join(await makeFolder(), 'clusters');
  await mkdir(folder);
  await writeFile(join(folder, 'east'), kubeconfig('one'));
  const words = followFolder(folder);
  await eventually(() => expect(names(words)).toEqual(['east']));
  await rename(folder, `${folder}.away`);
  await eventually(() => expect(words.at(-1)?.trouble[0]).toMatch(/cannot be read \(ENOENT\)/));
  expect(names(words)).toEqual(['east']);
  await rm(`${folder}.away`, { recursive: true });
});

test('a folder that goes while it is read never shows less than all', async () => {
  const folder = join(await makeFolder(), 'clusters');
  await mkdir(folder);
  for (const name of ['east', 'north', 'west'])
    await writeFile(join(folder, name), kubeconfig(name));
  const read = folderSource(folder, SOURCE);
  const { orders: good } = await read(new Map());
  for (let times = 0; times < 300; times++) {
    const reading = read(good);
    await rename(folder, `${folder}.away`);
    expect((await reading).orders.size).toBe(3);
    await rename(`${folder}.away`, folder);
  }
});

test('a link to nothing is named, and hides no other file', async () => {
  const folder = await makeFolder();
  await symlink(join(folder, 'nothing'), join(folder, 'west'));
  await writeFile(join(folder, 'east'), kubeconfig('one'));
  const words = followFolder(folder);
  await eventually(() =>
    expect(words.at(-1)?.trouble[0]).toMatch(/west: cannot be read \(ENOENT\)/),
  );
  expect(names(words)).toEqual(['east']);
});

test('kubeconfigs that the configuration lists are followed by their content too', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'east.kubeconfig');
  await writeFile(path, kubeconfig('one'));
  const world = { baseFolder: folder, environment: {} };
  const words = follow(listedSource([{ name: 'east', kubeconfig: { path }, ...SOURCE }], world));
  await eventually(() => expect(names(words)).toEqual(['east']));
  await writeFile(path, kubeconfig('two'));
  await eventually(() => expect(words).toHaveLength(2));
  expect(await tokenOf(words, 'east')).toBe('two');
  await unlink(path);
  await eventually(() => expect(words.at(-1)?.trouble[0]).toMatch(/ENOENT.*last good content/));
  expect(names(words)).toEqual(['east']);
});
