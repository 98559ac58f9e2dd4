// Names: the words of README's glossary, files called for what they do, and the layout of the top level.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesIn, lineOf } from './files.ts';

/** Banned word: the word of the glossary. */
const GLOSSARY: Readonly<Record<string, string>> = {
  member: 'cluster',
  region: 'cluster',
  service: 'app',
  tenant: 'app',
  worker: 'ingress node',
  kvm: 'VM',
  backend: 'server',
  target: 'server',
  peer: 'server',
  endpoint: 'server',
  pool: 'upstream',
  ratio: 'weight',
  percentage: 'share',
  proxy: 'edge',
  gateway: 'edge',
  cycle: 'round',
  tick: 'round',
  epoch: 'term or version',
  timestamp: 'term or version',
  override: 'hold',
  sync: 'fan-out',
};

/** Exported types that may use such a word: other people's names, at the door where they come in. */
const EXCEPTIONS: readonly string[] = [
  // An nginx worker, in an edge's state.
  'EdgeWorker',
  // Kubernetes' own kinds, as they are read.
  'GatewayRecord',
  'ServiceRecord',
];

const EXPORTED = /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:interface|type|class)\s+(\w+)/gm;

export function glossary(root: string): string[] {
  return filesIn(root, ['src'], /\.tsx?$/).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(EXPORTED)].flatMap((match) => {
      const name = match[1] ?? '';
      const banned = EXCEPTIONS.includes(name) ? undefined : bannedIn(name);
      if (banned === undefined) return [];
      return [
        `${file}:${lineOf(text, match.index)}: ${name}: say ${GLOSSARY[banned]}, not ${banned}`,
      ];
    });
  });
}

function bannedIn(name: string): string | undefined {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _]/);
  return words.map((word) => word.replace(/s$/, '')).find((word) => word in GLOSSARY);
}

const NO_NAME = /^(utils?|helpers?|common|misc)$/;

export function fileNames(root: string): string[] {
  return filesIn(root, ['src', 'lua', 'nginx', 'deploy', 'test'], /./)
    .filter((file) => file.split('/').some((part) => NO_NAME.test(part.split('.')[0] ?? '')))
    .map((file) => `${file}:1: ${basename(file)}: name it for what it does`);
}

const TOP_LEVEL = new Set([
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'deploy',
  'lua',
  'nginx',
  'node_modules',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
]);

export function topLevel(root: string): string[] {
  return readdirSync(root)
    .filter((name) => !name.startsWith('.') && !name.endsWith('.log') && !TOP_LEVEL.has(name))
    .map((name) => `${name}:1: does not belong at the top level`);
}
