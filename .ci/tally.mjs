// Adds up what the lanes of .ci/run did: a line for each with its seconds, the sum as the last line.
// Fails when a lane failed or left no report, when a test was skipped, or when a test file did not run.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [work, countedLanes] = process.argv.slice(2);
const counted = countedLanes.trim().split(' ');

function tally(lane, code) {
  const good = code === '0';
  // A lane without counted tests is one failure when it fails, and no test when it passes.
  if (!counted.includes(lane)) return { passed: 0, failed: good ? 0 : 1, faults: [] };
  const file = join(work, 'reports', `${lane}.json`);
  if (!existsSync(file))
    return { passed: 0, failed: 1, faults: ['no report: the lane did not run'] };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = report.numPendingTests + report.numTodoTests;
  const faults = skipped > 0 ? [`${skipped} skipped`] : [];
  for (const missed of notRun(lane, report)) faults.push(`did not run: ${missed}`);
  const failed = report.numFailedTests + faults.length;
  return { passed: report.numPassedTests, failed: failed || (good ? 0 : 1), faults };
}

// Each test file in the checkout belongs to one lane: its own folder's, or `test`.
function notRun(lane, report) {
  const ran = new Set(report.testResults.map(({ name }) => relative(process.cwd(), name)));
  const files = execFileSync('git', ['ls-files', 'test'], { encoding: 'utf8' }).split('\n');
  return files
    .filter((file) => /\.test\.tsx?$|_spec\.lua$/.test(file))
    .filter((file) => laneOf(file) === lane && !ran.has(file));
}

function laneOf(file) {
  const folder = file.split('/')[1];
  return ['bench', ...counted].includes(folder) ? folder : 'test';
}

const lines = readFileSync(join(work, 'lanes'), 'utf8').trim().split('\n');
let passed = 0;
let failed = 0;
console.log('=== lanes');
for (const [lane, code, seconds] of lines.map((line) => line.split('\t'))) {
  const result = tally(lane, code);
  passed += result.passed;
  failed += result.failed;
  const verdict =
    result.failed === 0 ? 'ok' : `FAILED (${[`exit ${code}`, ...result.faults].join('; ')})`;
  console.log(
    `${lane.padEnd(14)}${seconds.padStart(8)} s${String(result.passed).padStart(7)} passed  ${verdict}`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
