import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { StrictReporter } from '../run/strict-reporter.ts';

// The lane with a real Kubernetes control plane: needs Go, and is therefore not part of `npm test`.
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['**/*.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', new StrictReporter()],
    // Builds what is missing; a build that fails is a failed run, never a skipped one.
    globalSetup: [join(import.meta.dirname, 'build.ts')],
    // One file after the other: a cluster is 0.7 GB and wants the processor while it starts.
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
