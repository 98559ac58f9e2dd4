// The parent's side of server-main.ts: one order at a time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type Shape =
  | {
      readonly kind: 'one';
      readonly services: number;
      readonly podsOfEach: number;
      /** Whether it lists as a watch; older servers do not. */
      readonly watchList: boolean;
    }
  | {
      readonly kind: 'fleet';
      readonly clusters: number;
      readonly apps: number;
      /** In two clusters together. */
      readonly podsOfEach: number;
    };

export type ServerOrder =
  | { readonly order: 'fill'; readonly shape: Shape }
  /** So many events of pods, at once. */
  | { readonly order: 'pods'; readonly count: number }
  | { readonly order: 'accepted' }
  | {
      readonly order: 'apps';
      readonly apps: number;
      readonly perSecond: number;
      readonly count: number;
    };

export interface ServerAnswer {
  readonly kubeconfigs?: readonly string[];
  /** Connections, since it runs. */
  readonly accepted?: number;
  readonly changed?: readonly Changed[];
}

export interface Changed {
  readonly app: string;
  /** Milliseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
  readonly at: number;
}

export interface Server {
  readonly kubeconfigs: readonly string[];
  ask(order: ServerOrder): Promise<ServerAnswer>;
  close(): Promise<void>;
}

/**
 * It stands for another machine: with all its threads it takes no core from the reader that is measured. A
 * fleet's tells when an event came, and must not be late.
 */
function commandFor({ kind }: Shape): { execArgv: string[]; execPath?: string } {
  const own = ['--max-old-space-size=4096'];
  if (kind === 'fleet') return { execArgv: own };
  return { execPath: 'nice', execArgv: ['-n', '19', process.execPath, ...own] };
}

export async function startServer(shape: Shape): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'server-main.ts'), commandFor(shape));
  const ended = once(child, 'exit');

  async function ask(order: ServerOrder): Promise<ServerAnswer> {
    child.send(order);
    const answer = once(child, 'message').then(([message]) => message as ServerAnswer);
    const first = await Promise.race([answer, ended.then(() => undefined)]);
    if (first === undefined) throw new Error('the simulated servers ended');
    return first;
  }

  const { kubeconfigs = [] } = await ask({ order: 'fill', shape });
  return {
    kubeconfigs,
    ask,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
