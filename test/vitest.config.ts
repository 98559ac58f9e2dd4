import { defineConfig } from 'vitest/config';
import { luaSpecs } from './run/spec-plugin.ts';
import { StrictReporter } from './run/strict-reporter.ts';

// `node_modules/.bin/vitest` called outside npm runs on whatever Node comes first in PATH.
if (process.versions.node.split('.')[0] !== '26') {
  throw new Error(
    `Node ${process.versions.node}: run tests by npm, which has the pinned Node in PATH`,
  );
}

// Lanes of their own, each with its own command: too long for `npm test`, or in need of more than npm,
// nginx and Redis.
const lanes = ['bench', 'browser', 'chaos', 'controlplane', 'deploy'].map(
  (lane) => `test/${lane}/**`,
);

// Tests that start real nginx and Redis run alone: two processors are all we count on.
const real = ['test/e2e/**', 'test/lua/**'];

// Longer than what is waited for in a test (test/controlplane/until.ts), so that this is what says what it was.
const patient = { testTimeout: 90_000, hookTimeout: 90_000, expect: { poll: { timeout: 30_000 } } };
const alone = { ...patient, fileParallelism: false, testTimeout: 150_000, hookTimeout: 150_000 };

export default defineConfig({
  plugins: [luaSpecs()],
  test: {
    allowOnly: false,
    passWithNoTests: false,
    pool: 'forks',
    reporters: ['default', new StrictReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...lanes, ...real],
          // By itself vitest leaves one processor alone.
          maxWorkers: '100%',
          ...patient,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'lua',
          include: ['test/lua/**/*_spec.lua', 'test/lua/**/*.test.ts'],
          ...alone,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...alone,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
