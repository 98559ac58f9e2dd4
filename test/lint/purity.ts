// Pure files import only types and each other. Which files are pure stands in .oxlintrc.json, in the
// override that also takes clock, chance and sockets away from them.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { filesIn } from './files.ts';
import { importsOf, type Import } from './imports.ts';

/** Functions of Node, and of packages, that compute and nothing else. */
const COMPUTING: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'hkdfSync'],
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  typebox: ['Type'],
  'typebox/format': ['Set'],
  'typebox/value': ['Errors'],
  yaml: ['LineCounter', 'parse', 'parseAllDocuments', 'stringify'],
};

/** Folders whose files are all pure, but for the schema of their part of the configuration. */
const PURE_FOLDERS = [
  'src/fanout/division',
  'src/fanout/patch',
  'src/fanout/placement',
  'src/fanout/plan',
  'src/fanout/read',
  'src/fanout/schemas',
  'src/plan',
  'src/weights',
];

interface Override {
  readonly files: readonly string[];
  readonly rules?: { readonly 'no-restricted-globals'?: unknown };
}

export function purity(root: string): string[] {
  const pure = pureFiles(root);
  const gone = pure.filter((file) => !existsSync(join(root, file)));
  const unlisted = filesIn(root, PURE_FOLDERS, /\.ts$/).filter(
    (file) => !pure.includes(file) && !file.endsWith('/settings.ts'),
  );
  return [
    ...gone.map((file) => `.oxlintrc.json:1: ${file} is listed as pure and does not exist`),
    ...unlisted.map((file) => `${file}:1: not listed as pure in .oxlintrc.json`),
    ...pure
      .filter((file) => !gone.includes(file))
      .flatMap((file) => impureImports(root, file, pure)),
  ];
}

export function pureFiles(root: string): readonly string[] {
  const text = readFileSync(join(root, '.oxlintrc.json'), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const { overrides = [] } = JSON.parse(text) as { overrides?: readonly Override[] };
  const globals = (one: Override) => one.rules?.['no-restricted-globals'];
  const found = overrides.find((one) => [globals(one)].flat().includes('fetch'));
  if (found === undefined) throw new Error('.oxlintrc.json: no override lists the pure files');
  return found.files;
}

function impureImports(root: string, file: string, pure: readonly string[]): string[] {
  return importsOf(root, file)
    .filter(({ values }) => values.length > 0)
    .filter((one) => !isPure(file, one, pure))
    .map(({ from, line, values }) => `${file}:${line}: a pure file imports ${values} from ${from}`);
}

function isPure(file: string, { from, values }: Import, pure: readonly string[]): boolean {
  if (from.startsWith('.')) return pure.includes(normalize(join(dirname(file), from)));
  return values.every((value) => COMPUTING[from]?.includes(value) ?? false);
}
