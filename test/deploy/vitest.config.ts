import { defineConfig } from 'vitest/config';
import { StrictReporter } from '../run/strict-reporter.ts';

// What a platform team installs, with the tools and systems it is for: needs root, Go and Debian's
// packages, and is therefore not part of `npm test`.
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['**/*.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', new StrictReporter()],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
