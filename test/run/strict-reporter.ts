// A run passes only when every test of it ran: a skipped one, or one left to do, fails the run. Not
// asked when a part was chosen by name (`-t`), which skips the rest by intent.
import type { Reporter, TestModule, Vitest } from 'vitest/node';

export class StrictReporter implements Reporter {
  private byName = false;

  onInit(vitest: Vitest): void {
    this.byName = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.byName) return;
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    for (const test of skipped)
      console.error(`skipped: ${test.module.relativeModuleId} > ${test.fullName}`);
    console.error(`${skipped.length} skipped: a test runs, or it goes.`);
    process.exitCode = 1;
  }
}

// What `--reporter=FILE` takes.
export { StrictReporter as default };
