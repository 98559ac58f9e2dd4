// Adds up what the lanes of .ci/run did: a line for each with its seconds, the sum as the last line.
// Fails when a lane failed or left no report, when a test was skipped, or when a test file did not run.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

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

// What a reader of the last page needs: a lane's own output lies far above the lanes that ran after it.
function failures(lane) {
  const file = join(work, 'reports', `${lane}.json`);
  const told = counted.includes(lane) && existsSync(file) ? failedTests(file) : [];
  const log = join(work, 'reports', `${lane}.log`);
  if (!existsSync(log)) return told;
  const lines = stripVTControlCharacters(readFileSync(log, 'utf8')).split('\n');
  const uncaught = lines.findIndex((line) => line.includes('Unhandled Errors'));
  if (uncaught >= 0) return [...told, ...lines.slice(uncaught, uncaught + 60)];
  return told.length > 0 ? told : lines.slice(-60);
}

function failedTests(file) {
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const told = [];
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const where = relative(process.cwd(), name);
    if (failed.length === 0 && message) told.push(`${where}: ${head(message)}`);
    for (const test of failed)
      told.push(`${where} > ${test.fullName}`, head(test.failureMessages.join('\n')));
  }
  return told;
}

const head = (text) => stripVTControlCharacters(text).split('\n').slice(0, 15).join('\n');

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
const failedLanes = [];
for (const [lane, code, seconds] of lines.map((line) => line.split('\t'))) {
  const result = tally(lane, code);
  passed += result.passed;
  failed += result.failed;
  if (result.failed > 0) failedLanes.push(lane);
  const verdict =
    result.failed === 0 ? 'ok' : `FAILED (${[`exit ${code}`, ...result.faults].join('; ')})`;
  console.log(
    `${lane.padEnd(14)}${seconds.padStart(8)} s${String(result.passed).padStart(7)} passed  ${verdict}`,
  );
}
for (const lane of failedLanes)
  console.log([`=== failed in ${lane}`, ...failures(lane)].join('\n'));
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
