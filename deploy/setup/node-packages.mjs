// npm packages: do they fit package-lock.json, and is the pinned Node really there?
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Halt, step } from './step.mjs';

/** What is wrong with node_modules, in words; undefined when nothing is. */
export function nodePackagesFault(root) {
  return packagesFault(root) ?? nodeFault(root);
}

export async function installNodePackages(root, fault) {
  const env = withoutOurBin(root);
  if (packagesFault(root) !== undefined) {
    const quiet = ['--no-audit', '--no-fund', '--no-progress'];
    await step(`npm packages (${fault})`, ['npm', 'ci', ...quiet], { cwd: root, env });
  }
  // The package `node` fetches its binary by an install script. Where scripts are switched off npm says
  // nothing, and everything would run on the system's Node: run this one script by name.
  const wrong = nodeFault(root);
  if (wrong !== undefined) {
    const rebuild = ['npm', 'rebuild', 'node', '--ignore-scripts=false'];
    await step(`pinned Node (${wrong})`, rebuild, { cwd: root, env });
  }
  const left = nodePackagesFault(root);
  if (left !== undefined) throw new Halt(`set-up: npm ended well, but ${left}`);
}

function packagesFault(root) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (wanted === undefined) throw new Halt('set-up: package-lock.json is missing or unreadable');
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is not complete';
  return difference(root, wanted, installed);
}

// npm leaves out optional packages for other platforms, so an absent optional package is no fault.
function difference(root, wanted, installed) {
  for (const [path, entry] of Object.entries(wanted)) {
    const present = installed[path];
    if (path === '' || (present === undefined && entry.optional)) continue;
    if (present === undefined) return `${path} is missing`;
    if (present.version !== entry.version || present.integrity !== entry.integrity) {
      return `${path} is ${present.version}, not the locked ${entry.version}`;
    }
    if (!existsSync(join(root, path))) return `${path} is gone`;
  }
  const extra = Object.keys(installed).find((path) => wanted[path] === undefined);
  return extra === undefined ? undefined : `${extra} is not in package-lock.json`;
}

function nodeFault(root) {
  const pinned = readPackages(join(root, 'package-lock.json'))?.['node_modules/node']?.version;
  const found = versionOf(join(root, 'node_modules', '.bin', 'node'));
  return found === `v${pinned}` ? undefined : `node_modules/.bin/node is ${found}, not v${pinned}`;
}

function versionOf(node) {
  if (!existsSync(node)) return 'absent';
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  } catch (error) {
    return `not able to run here (${error.code ?? error.status})`;
  }
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

// npm puts node_modules/.bin first in PATH; npm itself must not run on the Node it is about to replace.
function withoutOurBin(root) {
  const own = join(root, 'node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== own);
  return { ...process.env, PATH: path.join(delimiter) };
}
