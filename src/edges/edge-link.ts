// One edge's endpoint, as the controller calls it.
//
// Comes in: pushes, gathers. Goes out: the edge's own state and verdicts. On failure: a result with
// its reason, never a throw: a dead edge is a fact, and delays nobody.

import type { Address, AppName, Stamp } from '../model.ts';
import { parseManifestLine, type Document, type ManifestLine } from './document.ts';
import { type EdgeReply, openEdgeDoor } from './edge-door.ts';
import {
  readDocument,
  readEdgeState,
  readStamp,
  writeDocument,
  type EdgeState,
} from './edge-state.ts';
import type { EdgeSettings } from './settings.ts';

export interface Verdict {
  readonly app: AppName;
  readonly code: 'applied' | 'same' | 'older' | 'conflict' | 'bad' | 'full';
  readonly stamp?: Stamp;
  readonly detail?: string;
}

export interface Push {
  readonly term: number;
  /** The mark it builds on; null: a part of a larger push, which moves no mark. */
  readonly base: Stamp | null;
  readonly mark: Stamp;
  readonly documents: readonly Document[];
}

export interface NoAnswer {
  readonly failed: string;
}

/** The edge has seen a higher term. */
export interface TermOver {
  readonly highest: number;
}

export interface Delivered {
  readonly state: EdgeState;
  readonly verdicts: readonly Verdict[];
}

export interface Gathered {
  readonly state: EdgeState;
  readonly manifest: ReadonlyMap<AppName, ManifestLine>;
}

/** Requests of one app at one server since the edge's `start`. */
export interface ServerCount {
  readonly app: AppName;
  readonly address: string;
  readonly requests: number;
  readonly failures: number;
  /** Answers below 500, and the seconds they took together; absent: nobody counts them. */
  readonly answers?: number;
  readonly seconds?: number;
  /** Requests under way, over all workers; absent: nobody counts them. */
  readonly inFlight?: number;
}

/** A server that an edge leaves alone; with a path where a probe found it so, else requests did. */
export interface UnhealthyServer {
  readonly address: Address;
  readonly path?: string;
  readonly host?: string;
  readonly https?: boolean;
}

export interface EdgeCounts {
  readonly start: string;
  readonly counts: readonly ServerCount[];
  readonly unhealthy: readonly UnhealthyServer[];
}

export interface EdgeLink {
  readonly name: string;
  push(push: Push): Promise<Delivered | TermOver | NoAnswer>;
  gather(term: number): Promise<Gathered | TermOver | NoAnswer>;
  fetch(term: number, apps: readonly AppName[]): Promise<readonly Document[] | TermOver | NoAnswer>;
  counts(): Promise<EdgeCounts | NoAnswer>;
  state(): Promise<EdgeState | NoAnswer>;
  close(): Promise<void>;
}

type Json = EdgeReply['json'];

export function openEdgeLink(settings: EdgeSettings & { readonly control: string }): EdgeLink {
  const door = openEdgeDoor(settings);

  async function call(path: string, body?: unknown): Promise<Json | TermOver | NoAnswer> {
    try {
      const { status, json } = await door.ask(path, body);
      if (status === 200) return json;
      if (json['code'] === 'term-over') return { highest: Number(json['highest']) };
      return { failed: `${path} answered ${status} ${String(json['code'] ?? '')}` };
    } catch (error) {
      return { failed: `${path}: ${(error as Error).message}` };
    }
  }

  return {
    name: settings.name,
    async push({ term, base: from, mark, documents }) {
      const answer = await call('/v1/upstreams', {
        term,
        base: from,
        mark,
        documents: documents.map(writeDocument),
      });
      if (isNoAnswer(answer) || isTermOver(answer)) return answer;
      const state = readEdgeState(answer['state']);
      if (!state) return { failed: 'push: the answer holds no state' };
      return { state, verdicts: list(answer['verdicts']).map(readVerdict) };
    },
    async gather(term) {
      const answer = await call('/v1/gather', { term });
      if (isNoAnswer(answer) || isTermOver(answer)) return answer;
      const state = readEdgeState(answer['state']);
      if (!state) return { failed: 'gather: the answer holds no state' };
      return { state, manifest: readManifest(answer['manifest']) };
    },
    async fetch(term, apps) {
      const answer = await call('/v1/gather', { term, apps });
      if (isNoAnswer(answer) || isTermOver(answer)) return answer;
      return list(answer['documents']).flatMap((item) => readDocument(item) ?? []);
    },
    async counts() {
      const answer = await call('/v1/stats');
      if (isNoAnswer(answer)) return answer;
      return readEdgeCounts(answer as Json);
    },
    async state() {
      const answer = await call('/v1/state');
      if (isNoAnswer(answer)) return answer;
      return readEdgeState(answer) ?? { failed: '/v1/state: the answer holds no state' };
    },
    close: () => door.close(),
  };
}

export function isNoAnswer(answer: object): answer is NoAnswer {
  return 'failed' in answer;
}

export function isTermOver(answer: object): answer is TermOver {
  return 'highest' in answer && !('state' in answer);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function readVerdict(value: unknown): Verdict {
  const verdict = value as Json;
  const stamp = readStamp(value);
  const { detail } = verdict;
  return {
    app: String(verdict['app']),
    code: verdict['code'] as Verdict['code'],
    ...(stamp && { stamp }),
    ...(typeof detail === 'string' && { detail }),
  };
}

function readManifest(value: unknown): Map<AppName, ManifestLine> {
  const lines = new Map<AppName, ManifestLine>();
  for (const [app, text] of Object.entries((value ?? {}) as Json)) {
    const line = parseManifestLine(String(text));
    if (line) lines.set(app, line);
  }
  return lines;
}

function readEdgeCounts(answer: Json): EdgeCounts {
  const unhealthy = list(answer['unhealthy']).flatMap((item) => readUnhealthy(item as Json));
  return { start: String(answer['start'] ?? ''), counts: readCounts(answer), unhealthy };
}

function readUnhealthy({ address, path, host, https }: Json): UnhealthyServer[] {
  if (typeof address !== 'string') return [];
  const named = typeof host === 'string' && { host };
  return [{ address, ...(typeof path === 'string' && { path, ...named, https: https === true }) }];
}

function readCounts(answer: Json): ServerCount[] {
  const counts: ServerCount[] = [];
  for (const [app, servers] of Object.entries((answer['apps'] ?? {}) as Json)) {
    for (const [address, count] of Object.entries((servers ?? {}) as Json)) {
      const { requests, failures, inFlight, answers, seconds } = count as Json;
      counts.push({
        ...(typeof inFlight === 'number' && { inFlight }),
        ...(typeof answers === 'number' && { answers }),
        ...(typeof seconds === 'number' && { seconds }),
        app,
        address,
        requests: Number(requests ?? 0),
        failures: Number(failures ?? 0),
      });
    }
  }
  return counts;
}
