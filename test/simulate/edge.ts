// One edge after the protocol of lua/ballast: its program, its disk, its doors.
//
// Comes in: pushes, gathers, what Redis has, crashes. Goes out: verdicts, heartbeats, what it holds. On
// failure: as there: a refusal by name, a session that begins again. The files are lua/ballast's too:
// here start and doors (control, snapshot), edge-memory (state, sync), edge-poll (poll, manifest).

import type { EdgeLink, Push, ServerCount } from '../../src/edges/edge-link.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream, manifestText, parseManifestLine } from '../../src/edges/document.ts';
import { EdgeMemory, type Generation } from './edge-memory.ts';
import { poll } from './edge-poll.ts';
import type { Network } from './network.ts';
import type { Redis } from './redis.ts';
import { Process, type Time } from './time.ts';

const ANSWER_MS = 2000;
const BEAT_MS = 1000;
const SAVE_MS = 200;
const SLOW_DISK_MS = 600;

export interface EdgeParts {
  readonly time: Time;
  readonly network: Network;
  readonly redis: Redis;
  readonly random: () => number;
  readonly told: (text: string) => void;
  /** What it has counted at servers. */
  readonly counts: (memory: EdgeMemory) => readonly ServerCount[];
}

export class SimulatedEdge {
  readonly name: string;
  readonly #parts: EdgeParts;
  readonly #disk: { a?: Generation; b?: Generation } = {};
  #starts = 0;
  process: Process | undefined;
  memory: EdgeMemory;
  /** What it finds no room for (507). */
  readonly full = new Set<string>();

  constructor(name: string, parts: EdgeParts) {
    this.name = name;
    this.#parts = parts;
    this.memory = new EdgeMemory(name, 'never');
    this.start();
  }

  /** `isDamaged`: the newest of its two snapshots cannot be read. Returns the snapshot that it starts from. */
  start(isDamaged = false): Generation | undefined {
    this.#starts += 1;
    const process = new Process(this.#parts.time, this.name);
    this.process = process;
    const { a, b } = this.#disk;
    const [newest, other] = (a?.sequence ?? 0) > (b?.sequence ?? 0) ? [a, b] : [b, a];
    const isOlder = isDamaged && other !== undefined;
    const content = isOlder ? other : newest;
    if (isOlder) this.#forget(newest);
    const memory = new EdgeMemory(this.name, `${this.name}#${this.#starts}`, this.full);
    this.memory = memory;
    if (content) memory.restore(content, this.#disk);
    void this.#beat(process, memory);
    void this.#save(process, memory);
    void poll({ process, memory, redis: this.#parts.redis, random: this.#parts.random });
    return content;
  }

  /** A PUT or, without a weight, a DELETE at the endpoint (lua/ballast/commit.lua). */
  async write(app: string, weight: number | undefined): Promise<void> {
    const { process, memory } = this;
    if (!process?.alive) return;
    const servers = [{ address: '10.8.0.1:80', weight: weight ?? 0, from: 'vm' }];
    const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
    const body = weight === undefined ? undefined : encodeUpstream({ app, servers, policy });
    try {
      const { redis } = this.#parts;
      const term = await redis.call(process, (store) => store.dump().record?.term ?? 0);
      if (term === 0 || !memory.seeTerm(term)) return;
      const written = await redis.call(process, (store) => store.writeOne(app, body));
      if ('refused' in written) return;
      const document = {
        app,
        stamp: { term: written.term, version: written.version },
        owner: 'endpoint',
        digest: digestOf(body),
        ...(body !== undefined && { body }),
      } as const;
      if (!memory.apply(written.term, [document])) return;
      memory.advance(document.stamp, { term: written.term, version: written.previous });
    } catch (error) {
      this.#parts.told(`${this.name}: ${String(error)}`);
    }
  }

  /** Somebody sends a document that it has, with other bytes at the same stamp. */
  hearForgery(part: number): void {
    const { process, memory } = this;
    const all = [...memory.documents.values()].filter(({ app }) => !app.startsWith('_'));
    const document = all[Math.floor(part * all.length)];
    if (!process?.alive || !document?.body) return;
    const servers = [{ address: '10.66.6.6:80', weight: 66, from: 'vm' }];
    const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
    const body = encodeUpstream({ app: document.app, servers, policy });
    memory.apply(memory.highest, [{ ...document, body, digest: digestOf(body) }]);
  }

  kill(): void {
    this.process?.kill();
  }

  /** What is on its disk. */
  generations(): readonly Generation[] {
    return [this.#disk.a, this.#disk.b].filter((one) => one !== undefined);
  }

  /** As one controller calls it. */
  linkFrom(from: Process): EdgeLink {
    const { network } = this.#parts;
    const place = { name: this.name, process: () => this.process };
    const call = async <Answer>(serve: () => Answer): Promise<Answer | { failed: string }> => {
      try {
        return await network.call(from, place, ANSWER_MS, serve);
      } catch (error) {
        return { failed: String(error) };
      }
    };
    return {
      name: this.name,
      push: (push) => call(() => this.#push(push)),
      gather: (term) =>
        call(() => {
          if (!this.memory.seeTerm(term)) return { highest: this.memory.highest };
          const lines = [...this.memory.documents].flatMap(([app, document]) => {
            const line = parseManifestLine(manifestText(document));
            return line ? [[app, line] as const] : [];
          });
          return { state: this.memory.report(), manifest: new Map(lines) };
        }),
      fetch: (term, apps) =>
        call(() => {
          if (!this.memory.seeTerm(term)) return { highest: this.memory.highest };
          return apps.flatMap((app) => this.memory.documents.get(app) ?? []);
        }),
      counts: () =>
        call(() => {
          const { memory } = this;
          return { start: memory.startId, counts: this.#parts.counts(memory), unhealthy: [] };
        }),
      state: () => call(() => this.memory.report()),
      close: async () => undefined,
    };
  }

  #push({ term, base, mark, documents }: Push) {
    const { memory } = this;
    const result = memory.apply(term, documents);
    if (!result) return { highest: memory.highest };
    if (result.complete && base) memory.advance(mark, base);
    return { state: memory.report(), verdicts: result.verdicts };
  }

  async #beat(process: Process, memory: EdgeMemory): Promise<void> {
    const { redis } = this.#parts;
    for (;;) {
      memory.beat += 1;
      const text = JSON.stringify(memory.wire());
      await redis.call(process, (store) => store.beat(this.name, text)).catch(() => undefined);
      await memory.news.wait(process, BEAT_MS);
    }
  }

  /** The older generation is written over; a mark is read before the documents are. */
  async #save(process: Process, memory: EdgeMemory): Promise<void> {
    for (;;) {
      const older = (this.#disk.a?.sequence ?? 0) <= (this.#disk.b?.sequence ?? 0) ? 'a' : 'b';
      if (memory.written[older] === memory.change) {
        await memory.changed.wait(process, 60_000);
        await process.clock.sleep(SAVE_MS);
        continue;
      }
      const { change, settled } = memory;
      const head = memory.head();
      // A disk may be slow.
      await process.clock.sleep(3 + this.#parts.random() ** 4 * SLOW_DISK_MS);
      const sequence = Math.max(this.#disk.a?.sequence ?? 0, this.#disk.b?.sequence ?? 0) + 1;
      this.#disk[older] = { ...head, sequence, documents: new Map(memory.documents) };
      memory.written[older] = change;
      memory.settledIn[older] = settled;
      memory.noteSaved(this.#disk);
      await process.clock.sleep(20);
    }
  }

  #forget(generation: Generation | undefined): void {
    for (const key of ['a', 'b'] as const) {
      if (this.#disk[key] === generation) delete this.#disk[key];
    }
  }
}
