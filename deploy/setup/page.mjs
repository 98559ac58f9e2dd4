// The page: is it built, from the sources that are there now?
//
// A build carries the digest of what it was made from. It is made aside and renamed, so that whoever
// reads it meets a whole one.
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { step } from './step.mjs';

const BUILT = join('src', 'admin', 'built');
const SOURCES = [
  join('src', 'admin'),
  join('src', 'api', 'access', 'caller.ts'),
  join('deploy', 'page'),
  'package-lock.json',
];

/** In words; undefined when nothing is wrong, or there is nothing to build. */
export function pageFault(root) {
  if (!existsSync(join(root, 'src', 'admin', 'index.html'))) return undefined;
  const digest = readDigest(root);
  if (digest === undefined) return 'not built';
  return digest === digestOf(root) ? undefined : 'built from other sources';
}

export async function buildPage(root, fault) {
  const digest = digestOf(root);
  const aside = join(root, `${BUILT}.new`);
  const bin = join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  const config = join(root, 'deploy', 'page', 'vite.config.ts');
  const command = [join(bin, 'vite'), 'build', '--config', config, '--outDir', aside];
  rmSync(aside, { recursive: true, force: true });
  await step(`page (${fault})`, command, { cwd: root, env });
  writeFileSync(join(aside, 'digest'), digest);
  rmSync(join(root, BUILT), { recursive: true, force: true });
  renameSync(aside, join(root, BUILT));
}

function readDigest(root) {
  try {
    return readFileSync(join(root, BUILT, 'digest'), 'utf8');
  } catch {
    return undefined;
  }
}

function digestOf(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of filesAt(root, source)) {
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function filesAt(root, path) {
  if (path.startsWith(BUILT) || !existsSync(join(root, path))) return [];
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesAt(root, join(path, name)));
}
