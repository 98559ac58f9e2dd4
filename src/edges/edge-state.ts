// What an edge says of itself: the answer of GET /v1/state and the heartbeat in Redis. Pure.
//
// Comes in: JSON of an edge. Goes out: an EdgeState, every field checked. On failure: undefined;
// the caller treats the edge as one that did not answer.

import type { AppName, Owner, Stamp } from '../model.ts';
import type { Document } from './document.ts';

export interface RefusedDocument {
  readonly app: AppName;
  readonly stamp: Stamp;
  readonly code: string;
}

export interface EdgeWorker {
  readonly pid: number;
  readonly mark?: Stamp;
}

export interface EdgeState {
  readonly name: string;
  /** Of this nginx start: counters and beats begin anew with it. */
  readonly start: string;
  readonly beat: number;
  readonly control?: string;
  /** Highest term seen. */
  readonly highest: number;
  readonly mark?: Stamp;
  readonly saved?: Stamp;
  readonly workers: readonly EdgeWorker[];
  readonly refused: readonly RefusedDocument[];
  /** Highest term under which the whole manifest was compared and nothing lay above it. */
  readonly compared: number;
  /** What it holds above Redis (R9). */
  readonly above: readonly Document[];
  readonly documents: number;
  readonly source: string;
}

type Json = Readonly<Record<string, unknown>>;

/** What edges left in the store. */
export interface Beats {
  readonly states: readonly EdgeState[];
  /** Names of those that a person retired, and that have given no word since. */
  readonly retired: readonly string[];
}

/** Reads the texts in the store; what is neither a heartbeat nor a mark is left out. */
export function readBeats(texts: readonly string[]): Beats {
  const values = texts.map(parse);
  return {
    states: values.flatMap((value) => (isRetired(value) ? [] : (readEdgeState(value) ?? []))),
    retired: values.flatMap((value) => (isRetired(value) ? [String(value['name'])] : [])),
  };
}

/** What stands in place of a retired edge's heartbeat, until the next one. */
export function retiredText(name: string): string {
  return JSON.stringify({ name, retired: true });
}

function isRetired(value: unknown): value is Json {
  return isJson(value) && value['retired'] === true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads an already parsed state. */
export function readEdgeState(value: unknown): EdgeState | undefined {
  if (!isJson(value) || typeof value['name'] !== 'string') return undefined;
  const mark = readStamp(value['mark']);
  const saved = readStamp(value['saved']);
  const control = value['control'];
  return {
    name: value['name'],
    start: String(value['start'] ?? ''),
    beat: whole(value['beat']),
    ...(typeof control === 'string' && { control }),
    highest: whole(value['highest']),
    ...(mark && { mark }),
    ...(saved && { saved }),
    workers: list(value['workers']).map(readWorker),
    refused: list(value['refused']).flatMap(readRefused),
    compared: whole(value['compared']),
    above: list(value['above']).flatMap((item) => readDocument(item) ?? []),
    documents: whole(value['documents']),
    source: String(value['source'] ?? 'none'),
  };
}

/** Reads a document as it travels in a push, a gather or a heartbeat. */
export function readDocument(value: unknown): Document | undefined {
  const stamp = readStamp(value);
  if (!isJson(value) || !stamp) return undefined;
  const { app, digest, owner, body } = value;
  if (typeof app !== 'string' || typeof digest !== 'string') return undefined;
  if (owner !== 'controller' && owner !== 'endpoint') return undefined;
  if (digest !== '-' && typeof body !== 'string') return undefined;
  return {
    app,
    stamp,
    digest,
    owner: owner satisfies Owner,
    ...(typeof body === 'string' && { body }),
  };
}

/** Writes a document as it travels. */
export function writeDocument(document: Document): Json {
  const { app, stamp, digest, owner, body } = document;
  const common = { app, term: stamp.term, version: stamp.version, digest, owner };
  return body === undefined ? { ...common, deleted: true } : { ...common, body };
}

export function readStamp(value: unknown): Stamp | undefined {
  if (!isJson(value)) return undefined;
  const { term, version } = value;
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(version)) return undefined;
  return { term: term as number, version: version as number };
}

function readWorker(value: unknown): EdgeWorker {
  const worker = isJson(value) ? value : {};
  const mark = readStamp(worker['mark']);
  return { pid: whole(worker['pid']), ...(mark && { mark }) };
}

function readRefused(value: unknown): RefusedDocument[] {
  const stamp = readStamp(value);
  if (!isJson(value) || !stamp) return [];
  return [{ app: String(value['app']), stamp, code: String(value['code']) }];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lua writes an empty list as `{}` where its encoder cannot tell. */
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0;
}
