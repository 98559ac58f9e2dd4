// Runs one step as a child process, says how long it took, and ends it when we are to end.
import { spawn } from 'node:child_process';

/** The set-up cannot go on; the message is for a person. */
export class Halt extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

const TAIL = 4000;

/**
 * `finish: true` is for a step that must not be broken off (a package manager at work): a signal then
 * takes effect after it. Gives the output; throws Halt with its end when the command fails.
 */
export async function step(what, [command, ...args], { cwd, env, finish = false } = {}) {
  process.stderr.write(`set-up: ${what} ... `);
  const began = performance.now();
  const { code, output } = await watched(command, args, { cwd, env, finish });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stderr.write(code === 0 ? `${seconds} s\n` : `failed after ${seconds} s\n`);
  if (code !== 0) throw new Halt(`${output.slice(-TAIL).trim()}\nset-up: failed: ${what}`);
  return output;
}

// npm hands SIGINT and SIGTERM to the shell it started, and a shell that waits for us dies without a
// word to us: then our parent changes. Whoever asked for the set-up is gone, so it ends.
function watched(command, args, { cwd, env, finish }) {
  return new Promise((resolve, reject) => {
    const parent = process.ppid;
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let stopped;
    const collect = (bytes) => {
      output = (output + bytes).slice(-4 * TAIL);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const stop = (signal) => {
      stopped ??= signal;
      if (!finish) killGroup(child.pid);
    };
    const interrupt = () => stop('SIGINT');
    const terminate = () => stop('SIGTERM');
    const orphaned = setInterval(() => process.ppid !== parent && stop('SIGTERM'), 250);
    process.on('SIGINT', interrupt).on('SIGTERM', terminate);
    const settle = () => {
      clearInterval(orphaned);
      process.off('SIGINT', interrupt).off('SIGTERM', terminate);
    };
    child.on('error', (error) => {
      settle();
      reject(new Halt(`\nset-up: cannot run ${command}: ${error.message}`));
    });
    child.on('close', (code) => {
      settle();
      if (stopped === undefined) return resolve({ code: code ?? 1, output });
      reject(new Halt(`\nset-up: stopped by ${stopped}`, stopped === 'SIGINT' ? 130 : 143));
    });
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // Ended by itself.
  }
}
