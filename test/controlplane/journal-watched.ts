// The journal of jobs as it is written, record by record.
//
// In: the port of its Redis. Out: the steps of each record, told at once. On failure: the connection's error.

import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export type WatchedJournal = Awaited<ReturnType<typeof watchJournal>>;

/** Tells the steps of each record of a job as soon as Redis has it: what MONITOR says of the one script. */
export async function watchJournal(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const journal = { told: (_steps: string): void => undefined, close: () => socket.destroy() };
  createInterface({ input: socket }).on('line', (line) => {
    const isPut = /"eval(sha)?" .*:jobs:locks" .* "put" "/.test(line);
    if (!isPut || line.includes(' lua] ')) return;
    const steps = [...line.matchAll(/ "step:([^"]+)"/g)].map(([, step]) => step);
    journal.told(steps.join() || 'its head');
  });
  socket.write('MONITOR\r\n');
  return journal;
}
