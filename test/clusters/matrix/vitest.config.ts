import { defineConfig } from 'vitest/config';
import { StrictReporter } from '../../run/strict-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/clusters/fault-matrix.test.ts'],
    provide: { seeds: 200 },
    allowOnly: false,
    passWithNoTests: false,
    pool: 'forks',
    reporters: ['default', new StrictReporter()],
  },
});
