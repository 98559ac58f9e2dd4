import { defineConfig } from 'vitest/config';
import { StrictReporter } from '../run/strict-reporter.ts';

// The page in a real browser: needs Chromium, and is therefore not part of `npm test`.
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['**/*.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', new StrictReporter()],
    // One file after the other: a browser wants the processor.
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
