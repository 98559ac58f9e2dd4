// The checks that other programs make: rules, format, Lua.
import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** Lines that a tool complained with. `root` may be a bare folder: tools come from this checkout. */
type Tool = (root: string) => Promise<readonly string[]>;

const bin = join(import.meta.dirname, '..', '..', 'node_modules', '.bin');

// The pinned Node on purpose: oxlint and biome are started by a `#!/usr/bin/env node` line.
const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' };

export const oxlint: Tool = (root) => complaints(root, 'oxlint', ['--type-aware', '--format=unix']);

export const biome: Tool = (root) =>
  complaints(root, 'biome', ['format', '--colors=off', '--max-diagnostics=none', '.']);

export const luacheck: Tool = (root) =>
  complaints(root, 'luacheck', ['--codes', '--no-color', '--quiet', 'lua', 'test']);

function complaints(root: string, tool: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(tool, args, { cwd: root, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) return resolve([]);
      const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
      resolve(lines.length > 0 ? lines : [`${tool}: ${error.message}`]);
    });
  });
}
