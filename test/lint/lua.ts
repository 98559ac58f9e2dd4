// Lua: no cycle of requires, no missing module, one file that touches shared memory, pure files pure,
// no wall clock.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, lineOf } from './files.ts';

const PURE = ['document', 'hash', 'json', 'least', 'picker', 'standing'].map(
  (name) => `lua/ballast/${name}.lua`,
);
const SHARED_MEMORY = 'lua/ballast/state.lua';
// What a person or a time server moves. Durations come from system.monotonic, order from counters.
const WALL_CLOCK =
  /\bngx\.(?:time|now|today|localtime|utctime|http_time|cookie_time|update_time|req\.start_time)\b|\bos\.(?:time|date)\b|\bCLOCK_REALTIME\b|\bgettimeofday\b/;
const MAX_LINES = 300;

const sources = (root: string) => filesIn(root, ['lua'], /\.lua$/);

export function luaRequires(root: string): string[] {
  const edges = new Map(sources(root).map((file) => [file, requiresOf(root, file)]));
  const missing = [...edges].flatMap(([file, requires]) =>
    requires
      .filter(({ target }) => !existsSync(join(root, target)))
      .map(({ target, line }) => `${file}:${line}: no such module: ${target}`),
  );
  const cycles = [...edges.keys()]
    .map((file) => cycleFrom(file, edges))
    .filter((cycle) => cycle !== undefined)
    // A cycle is found from each of its files: it is told once, from the first by name.
    .filter((cycle) => [...cycle].sort()[0] === cycle[0])
    .map((cycle) => `${cycle[0]}:1: cycle: ${[...cycle, cycle[0]].join(' -> ')}`);
  return [...missing, ...cycles];
}

interface Require {
  readonly target: string;
  readonly line: number;
}

function requiresOf(root: string, file: string): Require[] {
  const text = withoutComments(readFileSync(join(root, file), 'utf8'));
  return [...text.matchAll(/\brequire\b[\s(,]*['"](ballast[\w.]*)['"]/g)].map((match) => ({
    target: `lua/${(match[1] ?? '').replaceAll('.', '/')}.lua`,
    line: lineOf(text, match.index),
  }));
}

function cycleFrom(start: string, edges: ReadonlyMap<string, Require[]>): string[] | undefined {
  const seen = new Set<string>();
  const walk = (file: string, path: string[]): string[] | undefined => {
    for (const { target } of edges.get(file) ?? []) {
      if (target === start) return path;
      if (seen.has(target)) continue;
      seen.add(target);
      const found = walk(target, [...path, target]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

export function luaPlaces(root: string): string[] {
  return sources(root).flatMap((file) => {
    const text = withoutComments(readFileSync(join(root, file), 'utf8'));
    const complaints: string[] = [];
    const complain = (found: RegExpExecArray | null, what: string) => {
      if (found !== null) complaints.push(`${file}:${lineOf(text, found.index)}: ${what}`);
    };
    if (file !== SHARED_MEMORY)
      complain(/\bngx\.shared\b/.exec(text), `only ${SHARED_MEMORY} names ngx.shared`);
    if (file.startsWith('lua/ballast/')) complain(WALL_CLOCK.exec(text), 'reads the wall clock');
    if (PURE.includes(file))
      complain(/\bngx\b|\bos\.|\bio\.|math\.random/.exec(text), 'a pure file');
    const lines = text.trimEnd().split('\n').length;
    if (lines > MAX_LINES) complaints.push(`${file}:${MAX_LINES}: too many lines (${lines})`);
    return complaints;
  });
}

// Comments become blanks, so that lines keep their numbers. A string that holds `--` is cut there,
// which hides nothing that is looked for here.
function withoutComments(text: string): string {
  return text.replace(/--\[(=*)\[[\s\S]*?\]\1\]|--.*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
}
