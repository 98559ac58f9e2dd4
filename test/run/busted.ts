// Lua specs as vitest suites: each test/lua/*_spec.lua is a test file like any other, so that one
// command runs, filters, counts and reports all tests.
//
// In: a spec file. Out: one vitest test for each of its tests, with busted's verdict. On failure: a spec
// that does not load is a failed file; a pending test is a skipped one, which the strict reporter fails.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

interface Result {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'broken' | 'pending';
  readonly message?: string;
  readonly trace?: string;
}

const MARK = '\nbusted-report ';
const root = join(import.meta.dirname, '..', '..');

export async function declareSpecs(file: string): Promise<void> {
  const results = await runBusted(file);
  for (const result of results) declare(result);
}

export async function runBusted(file: string): Promise<readonly Result[]> {
  const paths = [join(root, 'lua', '?.lua'), join(dirname(file), '?.lua')].join(';');
  const output = join(import.meta.dirname, 'busted_report.lua');
  const args = ['-o', output, `--lpath=${paths}`, '--', file];
  const { printed, code } = await run('busted', args);
  const at = printed.lastIndexOf(MARK);
  if (at < 0) throw new Error(`busted ended with ${code} and without a report:\n${printed}`);
  const results = JSON.parse(printed.slice(at + MARK.length)) as readonly Result[];
  const good = results.every(({ state }) => state === 'passed' || state === 'pending');
  if (good && code !== 0) throw new Error(`busted ended with ${code}:\n${printed}`);
  return results;
}

function declare({ name, state, message, trace }: Result): void {
  // oxlint-disable-next-line vitest/no-disabled-tests -- so that the strict reporter fails it
  if (state === 'pending') it.skip(name, () => {});
  else it(name, () => expect(state, [message, trace].filter(Boolean).join('\n')).toBe('passed'));
}

function run(
  command: string,
  args: readonly string[],
): Promise<{ printed: string; code: unknown }> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd: root, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT')
        reject(new Error('busted is not installed: npm test sets it up'));
      else resolve({ printed: `${stderr}${stdout}`, code: error?.code ?? error?.signal ?? 0 });
    });
  });
}
