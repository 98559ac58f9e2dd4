// How long a change takes to reach everybody who looks: 500 event streams and 200 long polls at once, over
// loopback, and what the controller's process keeps of it.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { request } from 'undici';

export interface Watched {
  readonly streamsMs: readonly number[];
  readonly pollsMs: readonly number[];
  /** What the second half of the changes left in the controller's process: used, not only taken. */
  readonly gainedMb: number;
}

const STREAMS = 500;
const POLLS = 200;

export async function watchChanges(changes: number): Promise<Watched> {
  const server = fork(join(import.meta.dirname, 'events-main.ts'));
  const stop = new AbortController();
  try {
    const { url } = await answerOf<{ url: string }>(server);
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
      server.send(pods);
      const since = (): number => performance.now() - began;
      const answered = Promise.all(polls.map(({ answer }) => answer)).then(since);
      const [ofStreams, ofPolls] = await Promise.all([told.then(since), answered]);
      streamsMs.push(ofStreams);
      pollsMs.push(ofPolls);
      if (at === Math.ceil(changes / 2)) half = await usedBy(server);
    }
    return { streamsMs, pollsMs, gainedMb: ((await usedBy(server)) - half) / 2 ** 20 };
  } finally {
    stop.abort();
    if (server.connected) server.disconnect();
    if (server.exitCode === null) await once(server, 'exit');
  }
}

/** After all garbage has gone. */
async function usedBy(server: ChildProcess): Promise<number> {
  server.send('heap');
  return (await answerOf<{ used: number }>(server)).used;
}

async function answerOf<Answer>(server: ChildProcess): Promise<Answer> {
  const ended = once(server, 'exit').then(([code]) => {
    throw new Error(`the controller ended with ${code}`);
  });
  const [answer] = (await Promise.race([once(server, 'message'), ended])) as [Answer];
  ended.catch(() => undefined);
  return answer;
}

async function openStream(url: string, signal: AbortSignal) {
  const { body } = await request(`${url}/api/v1/events`, { signal, bodyTimeout: 0 });
  let wanted = '';
  let found: () => void = () => undefined;
  const synced = Promise.withResolvers<void>();
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of body.setEncoding('utf8')) {
      // An event may come in two parts.
      const text = rest + String(chunk);
      rest = text.slice(-100);
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
