// One set-up at a time in a checkout. The lock is a symbolic link whose target names its owner:
// made in one step, with its content, so nobody ever sees a lock without an owner.
import { lstatSync, readFileSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { Halt } from './step.mjs';

const POLL_MS = 100;
const TELL_AFTER_MS = 2000;
// A breaker holds for microseconds; one that is older was left by a kill in between.
const BREAKER_STALE_MS = 10_000;

/** Waits for the lock; gives the way to release it. A dead owner's lock is taken over. */
export async function holdLock(path, { patienceMs = 30 * 60_000 } = {}) {
  const me = `${process.pid}:${startOf(process.pid)}:${hostname()}`;
  const began = Date.now();
  let told = false;
  while (!link(me, path)) {
    const owner = ownerOf(path);
    if (owner !== undefined && isDead(owner)) breakLock(path, owner);
    else await new Promise((wake) => setTimeout(wake, POLL_MS));
    const waited = Date.now() - began;
    if (waited > patienceMs)
      throw new Halt(`set-up: ${path} is held by ${owner}; remove it if nothing runs`);
    if (waited > TELL_AFTER_MS && !told) {
      told = true;
      process.stderr.write(
        `set-up: waiting for another set-up of this folder (process ${owner})\n`,
      );
    }
  }
  return () => {
    if (ownerOf(path) === me) unlink(path);
  };
}

function link(content, path) {
  try {
    symlinkSync(content, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new Halt(`set-up: cannot write ${path}: ${error.message}`);
  }
}

// Two that find the same dead owner must not remove each other's new lock: whoever removes a lock holds
// the breaker and looks again under it.
function breakLock(path, dead) {
  const breaker = `${path}.break`;
  if (!link('breaker', breaker)) {
    if (Date.now() - changedAt(breaker) > BREAKER_STALE_MS) unlink(breaker);
    return;
  }
  if (ownerOf(path) === dead) unlink(path);
  unlink(breaker);
}

function ownerOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function isDead(owner) {
  const [pid, start, ...host] = owner.split(':');
  if (host.join(':') !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return error.code === 'ESRCH';
  }
  // The number may have gone to another process since.
  return startOf(pid) !== start;
}

function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function changedAt(path) {
  try {
    return lstatSync(path).mtimeMs;
  } catch {
    return Date.now();
  }
}

function unlink(path) {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was quicker.
  }
}
