// `npm test`: type check, build, every suite. The last line is `N passed, N failed, N skipped`.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, existsSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Ends the run with the one line that other programs read. */
const finish = (passed, failed, skipped) => {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
};

const run = (command, args, env = {}) =>
  spawnSync(command, args, {stdio: 'inherit', env: {...process.env, ...env}}).status === 0;

/** A test file that failed before its first test (a bad import, a broken setup) counts as one failure. */
const countOf = report => {
  const broken = report.testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  );
  for (const file of broken) console.log(`failed before its first test: ${file.name}\n  ${file.message}`);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
};

if (!run('tsc', ['-p', '.']) || !run(process.execPath, ['tools/build.mjs'])) {
  console.log('the type check or the build failed: no test was run');
  finish(0, 1, 0);
}
const folder = mkdtempSync(join(tmpdir(), 'cac-test-'));
const reportPath = join(folder, 'report.json');
const skipsPath = join(folder, 'skips.txt');
const ok = run(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`, ...process.argv.slice(2)],
  {
    // Suites drive the program as users get it, and note here what this machine lacks for them.
    TEST_PROGRAM: 'dist',
    TEST_SKIPS_FILE: skipsPath,
  },
);
const skips = existsSync(skipsPath) ? readFileSync(skipsPath, 'utf8').split('\n').filter(Boolean) : [];
for (const line of new Set(skips)) console.log(line);
const report = existsSync(reportPath) ? JSON.parse(readFileSync(reportPath, 'utf8')) : undefined;
rmSync(folder, {recursive: true, force: true});
if (report === undefined) finish(0, 1, 0);
const {passed, failed, skipped} = countOf(report);
// Vitest can fail without a failing test: an unhandled rejection, or no test found.
finish(passed, failed === 0 && !ok ? 1 : failed, skipped);
