// Sets up what this checkout needs: npm packages with the pinned Node, then nginx with Lua and Redis
// from the system's packages. Any Node from 20 on runs it, without a package.
//
//   node deploy/setup.mjs [--for start|test|bench|lint|check|deploy] [--check]
//
// In: what is on this machine. Out: nothing to say when nothing is missing; else each step with its
// seconds, on standard error. On failure: one list of what to install, and exit code 1. Nothing that
// runs already is stopped, restarted or configured, and no installed service is started.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from './setup/lock.mjs';
import { installNodePackages, nodePackagesFault } from './setup/node-packages.mjs';
import { Halt } from './setup/step.mjs';
import { findPrograms } from './setup/programs.mjs';
import { installSystemPackages, whatToInstall } from './setup/system-packages.mjs';

const PURPOSES = ['start', 'test', 'bench', 'lint', 'check', 'deploy'];
const root = join(fileURLToPath(import.meta.url), '..', '..');

function readArguments(argv) {
  const wanted = { purpose: 'start', checkOnly: false };
  for (let at = 0; at < argv.length; at += 1) {
    if (argv[at] === '--check') wanted.checkOnly = true;
    else if (argv[at] === '--for' && PURPOSES.includes(argv[at + 1]))
      wanted.purpose = argv[(at += 1)];
    else throw new Halt(`usage: node deploy/setup.mjs [--for ${PURPOSES.join('|')}] [--check]`, 2);
  }
  return wanted;
}

async function setUp({ purpose, checkOnly }) {
  const look = () => lookAround(purpose);
  const first = await look();
  if (first.fault === undefined && first.missing.length === 0) return;
  if (checkOnly) throw new Halt(list(first));
  // A second set-up of this checkout waits here, and then finds that nothing is missing any more.
  const release = await holdLock(join(root, '.setup.lock'));
  try {
    const now = await look();
    if (now.fault !== undefined) await installNodePackages(root, now.fault);
    if (now.missing.length === 0) return;
    if (!(await installSystemPackages(now.missing))) throw new Halt(whatToInstall(now.missing));
    const after = await look();
    if (after.missing.length > 0) throw new Halt(whatToInstall(after.missing));
  } finally {
    release();
  }
}

async function lookAround(purpose) {
  return { fault: nodePackagesFault(root), missing: await findPrograms(root, purpose) };
}

function list({ fault, missing }) {
  const npm = fault === undefined ? [] : [`npm packages: ${fault}. Install them: npm ci`];
  const system = missing.length === 0 ? [] : [whatToInstall(missing)];
  return [...npm, ...system].join('\n');
}

try {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Halt('Node 20 or newer is needed.');
  await setUp(readArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Halt)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
