// How long a change takes to reach everybody who looks: 500 event streams and 200 long polls at once, over
// loopback, all in this one process.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { request } from 'undici';
import { MemoryCluster } from '../../../src/clusters/memory.ts';
import { closeAll, openApi } from '../../api/open-api.ts';
import { until } from '../../controlplane/until.ts';

export interface Watched {
  readonly streamsMs: readonly number[];
  readonly pollsMs: readonly number[];
  /** What the second half of the changes left behind: used, not only taken. */
  readonly gainedMb: number;
}

const STREAMS = 500;
const POLLS = 200;

export async function watchChanges(changes: number): Promise<Watched> {
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  east.set('shop', { pods: 1 });
  const { api, controller } = await openApi({ clusters: [east] });
  const stop = new AbortController();
  try {
    await until('it leads', () => controller.published()?.app('shop') !== undefined);
    const url = await api.listen({ host: '127.0.0.1', port: 0 });
    const streams = await Promise.all(
      Array.from({ length: STREAMS }, () => openStream(url, stop.signal)),
    );
    const streamsMs: number[] = [];
    const pollsMs: number[] = [];
    let half = 0;
    for (let at = 1; at <= changes; at += 1) {
      const pods = at + 1;
      const told = Promise.all(streams.map((stream) => stream.sees(pods)));
      const polls = await Promise.all(Array.from({ length: POLLS }, () => openPoll(url)));
      const began = performance.now();
      east.set('shop', { pods });
      const since = (): number => performance.now() - began;
      const answered = Promise.all(polls.map(({ answer }) => answer)).then(since);
      const [ofStreams, ofPolls] = await Promise.all([told.then(since), answered]);
      streamsMs.push(ofStreams);
      pollsMs.push(ofPolls);
      if (at === Math.ceil(changes / 2)) half = usedBytes();
    }
    return { streamsMs, pollsMs, gainedMb: (usedBytes() - half) / 2 ** 20 };
  } finally {
    stop.abort();
    await closeAll();
  }
}

/** After all garbage has gone. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function openStream(url: string, signal: AbortSignal) {
  const { body } = await request(`${url}/api/v1/events`, { signal, bodyTimeout: 0 });
  let wanted = '';
  let found: () => void = () => undefined;
  const synced = Promise.withResolvers<void>();
  const read = async (): Promise<void> => {
    for await (const chunk of body.setEncoding('utf8')) {
      const text = String(chunk);
      if (text.includes('event: synced')) synced.resolve();
      if (wanted !== '' && text.includes(wanted)) found();
    }
  };
  void read().catch(() => undefined);
  await synced.promise;
  return {
    sees: (pods: number) =>
      new Promise<void>((resolve) => {
        wanted = `"pods":${pods},`;
        found = resolve;
      }),
  };
}

/** Resolves once the poll waits: the API has taken it when a later request is answered. */
async function openPoll(url: string): Promise<{ readonly answer: Promise<unknown> }> {
  const now = await request(`${url}/api/v1/weights`);
  const tag = String(now.headers['etag']);
  await now.body.dump();
  const headers = { 'if-none-match': tag };
  const answer = request(`${url}/api/v1/weights?wait=60s`, { headers }).then(({ body }) =>
    body.dump(),
  );
  return { answer };
}
