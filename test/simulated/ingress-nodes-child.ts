// The parent's side of ingress-nodes-main.ts.
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { IngressFleetOptions, IngressNodeView } from './ingress-node.ts';
import type { TrafficCounts } from './traffic-counts.ts';
import type { VmOptions } from './vm.ts';

export interface IngressNodesConfig {
  readonly clusters: readonly IngressFleetOptions[];
  readonly vms?: readonly VmOptions[];
}

export type ChildOrder =
  | { readonly type: 'read'; readonly id: number }
  | {
      readonly type: 'kill' | 'revive';
      readonly id: number;
      readonly cluster: string;
      readonly node: string;
    };

export interface ChildState {
  readonly type: 'state';
  readonly id: number;
  /** By cluster. */
  readonly counts: Readonly<Record<string, TrafficCounts>>;
  readonly nodes: Readonly<Record<string, readonly IngressNodeView[]>>;
  /** By VM. */
  readonly vms: Readonly<Record<string, TrafficCounts>>;
}

export type ChildAnswer =
  | { readonly type: 'ready'; readonly vms: Readonly<Record<string, string>> }
  | ChildState;

type Order = ChildOrder extends infer One
  ? One extends { id: number }
    ? Omit<One, 'id'>
    : never
  : never;

export class IngressNodesChild {
  /** VM's name -> `ADDRESS:PORT`, once started. */
  vms: Readonly<Record<string, string>> = {};
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (state: ChildState) => void>();
  readonly #ended: Promise<void>;
  #id = 0;

  constructor() {
    const main = fileURLToPath(new URL('./ingress-nodes-main.ts', import.meta.url));
    this.#child = fork(main, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  /** Resolves when every fleet has listed its cluster and listens. */
  start(config: IngressNodesConfig): Promise<this> {
    this.#child.send(config);
    return new Promise((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`the stand-ins ended with ${code}`)));
      this.#child.on('message', (answer: ChildAnswer) => {
        if (answer.type === 'ready') {
          this.vms = answer.vms;
          return resolve(this);
        }
        this.#waiting.get(answer.id)?.(answer);
        this.#waiting.delete(answer.id);
      });
    });
  }

  read(): Promise<ChildState> {
    return this.#order({ type: 'read' });
  }

  kill(cluster: string, node: string): Promise<ChildState> {
    return this.#order({ type: 'kill', cluster, node });
  }

  revive(cluster: string, node: string): Promise<ChildState> {
    return this.#order({ type: 'revive', cluster, node });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #order(order: Order): Promise<ChildState> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ ...order, id });
    });
  }
}
