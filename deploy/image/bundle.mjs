// Bundles the controller and its commands: everything but Node itself.
//
//   node deploy/image/bundle.mjs FOLDER
//
// In: this checkout with its npm packages. Out: in FOLDER, which has to be empty or absent,
// lib/ballast/main.mjs with its chunks and the page, the Redis scripts, package.json, and the licences of what is
// bundled. On failure: rolldown's words, and FOLDER as it was.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { buildPage, pageFault } from '../setup/page.mjs';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');

// The demo is made of the tests' simulated clusters, and needs nginx and Redis beside it.
const DEMO = `export async function runDemo() {
  process.stderr.write('ballast: this bundle has no demo: name a configuration, ballast run --config FILE\\n');
  return 1;
}`;

const withoutDemo = {
  name: 'without-demo',
  resolveId: (id) => (id.endsWith('/deploy/demo/main.ts') ? '\0demo' : undefined),
  load: (id) => (id === '\0demo' ? DEMO : undefined),
};

async function bundle(out) {
  const build = await rolldown({
    input: { main: join(root, 'src', 'main.ts') },
    platform: 'node',
    plugins: [withoutDemo],
    // What cannot be found is an error here, not at a customer's.
    onLog(level, log) {
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    },
  });
  // Two folders below its own root, as src/ is: that is where it looks for lua/ and package.json.
  await build.write({
    dir: join(out, 'lib', 'ballast'),
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    minify: true,
    comments: { legal: false },
  });
  await build.close();
  const fault = pageFault(root);
  if (fault !== undefined) await buildPage(root, fault);
  const page = join('admin', 'built');
  cpSync(join(root, 'src', page), join(out, 'lib', 'ballast', page), { recursive: true });
  cpSync(join(root, 'lua', 'redis'), join(out, 'lua', 'redis'), { recursive: true });
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(
    join(out, 'package.json'),
    `${JSON.stringify({ name, version, license, type: 'module' })}\n`,
  );
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
  writeFileSync(join(out, 'THIRD-PARTY'), licences());
}

/** Of every package that is no tool of the development: rather one too many than one too few. */
function licences() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(root, path)))
    .map(([path, { version, license }]) => {
      const file = readdirSync(join(root, path)).find((name) => /^licen[cs]e/i.test(name));
      const text = file ? readFileSync(join(root, path, file), 'utf8').trim() : '';
      return `${path.split('node_modules/').at(-1)} ${version} (${license ?? 'no licence named'})\n\n${text}\n`;
    })
    .join('\n----\n\n');
}

const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error('usage: node deploy/image/bundle.mjs FOLDER');
  process.exit(2);
}
const folder = resolve(given);
if (existsSync(folder) && readdirSync(folder).length > 0) {
  console.error(`bundle: ${folder} is not empty`);
  process.exit(1);
}
mkdirSync(dirname(folder), { recursive: true });
const aside = `${folder}.making-${process.pid}`;
try {
  await bundle(aside);
  rmSync(folder, { recursive: true, force: true });
  renameSync(aside, folder);
} finally {
  rmSync(aside, { recursive: true, force: true });
}
