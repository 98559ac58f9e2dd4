// The data of an etcd: copied, put back, compacted. In: its process, or its URL. Out: nothing, or where
// the copy lies. On failure: an error; a copy of a running etcd would be worth nothing and is refused.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from './part.ts';

export async function copyData(etcd: Part, folder: string): Promise<string> {
  needStopped(etcd);
  const copy = join(folder, 'etcd-copy');
  await rm(copy, { recursive: true, force: true });
  await cp(join(folder, 'etcd'), copy, { recursive: true });
  return copy;
}

export async function restoreData(etcd: Part, folder: string, copy: string): Promise<void> {
  needStopped(etcd);
  await rm(join(folder, 'etcd'), { recursive: true });
  await cp(copy, join(folder, 'etcd'), { recursive: true });
}

/** Forgets every revision but the newest, and gives the space back. */
export async function compact(url: string): Promise<void> {
  const { header } = await post<{ header: { revision: string } }>(`${url}/v3/kv/range`, {
    key: Buffer.from('none').toString('base64'),
  });
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
}

async function post<Answer>(url: string, body: object): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

function needStopped(etcd: Part): void {
  if (etcd.running) throw new Error('etcd runs: stop the cluster first');
}
