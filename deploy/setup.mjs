// Sets up what this checkout needs: npm packages with the pinned Node, nginx with Lua and Redis from the
// system's packages, the page. Any Node from 20 on runs it, without a package.
//
//   node deploy/setup.mjs [--for start|test|browser|bench|lint|check|deploy] [--check]
//
// In: what is on this machine. Out: nothing to say when nothing is missing; else each step with its
// seconds, on standard error. On failure: one list of what to install, and exit code 1. Nothing that
// runs already is stopped, restarted or configured, and no installed service is started.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from './setup/lock.mjs';
import { installNodePackages, nodePackagesFault } from './setup/node-packages.mjs';
import { buildPage, pageFault } from './setup/page.mjs';
import { Halt } from './setup/step.mjs';
import { findPrograms } from './setup/programs.mjs';
import { installSystemPackages, whatToInstall } from './setup/system-packages.mjs';

const PURPOSES = ['start', 'test', 'browser', 'bench', 'lint', 'check', 'deploy'];
const WITH_PAGE = ['start', 'browser', 'bench'];
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
  if (isReady(first)) return;
  if (checkOnly) throw new Halt(list(first));
  // A second set-up of this checkout waits here, and then finds that nothing is missing any more.
  const release = await holdLock(join(root, '.setup.lock'));
  try {
    const now = await look();
    if (now.fault !== undefined) await installNodePackages(root, now.fault);
    if (now.missing.length > 0) await installMissing(now.missing, look);
    const { page } = await look();
    if (page !== undefined) await buildPage(root, page);
  } finally {
    release();
  }
}

async function installMissing(missing, look) {
  if (!(await installSystemPackages(missing))) throw new Halt(whatToInstall(missing));
  const after = await look();
  if (after.missing.length > 0) throw new Halt(whatToInstall(after.missing));
}

async function lookAround(purpose) {
  return {
    fault: nodePackagesFault(root),
    missing: await findPrograms(root, purpose),
    page: WITH_PAGE.includes(purpose) ? pageFault(root) : undefined,
  };
}

function isReady({ fault, missing, page }) {
  return fault === undefined && missing.length === 0 && page === undefined;
}

function list({ fault, missing, page }) {
  const npm = fault === undefined ? [] : [`npm packages: ${fault}. Install them: npm ci`];
  const system = missing.length === 0 ? [] : [whatToInstall(missing)];
  const built = page === undefined ? [] : [`page: ${page}. Build it: node deploy/setup.mjs`];
  return [...npm, ...system, ...built].join('\n');
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
