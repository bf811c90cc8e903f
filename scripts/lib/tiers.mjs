// The five tiers of tests, how each is run and how its result is read.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './terminal.mjs';

const reportFile = (name) => join(root, '.hopscope', 'test', `${name}.json`);

/** A tier's result: how many passed, and by name what failed and what was skipped. */
const emptyResult = () => ({ passed: 0, failed: [], skipped: [] });

const vitestStatus = { passed: 'passed', failed: 'failed' };

function readVitest(report) {
  const result = emptyResult();
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    for (const test of file.assertionResults) {
      const status = vitestStatus[test.status] ?? 'skipped';
      if (status === 'passed') result.passed += 1;
      else result[status].push(`${path}: ${test.fullName}`);
    }
    // A file that could not be loaded, or whose set-up failed, has no failed test: it is one itself.
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
      result.failed.push(`${path}: ${file.message.split('\n')[0] || 'outside its tests'}`);
    }
  }
  return result;
}

function readPlaywright(report) {
  const result = emptyResult();
  const visit = (suite, path) => {
    for (const spec of suite.specs ?? []) {
      const name = [...path, spec.title].join(' ');
      for (const test of spec.tests) {
        // `flaky`: passed on its second try, which the list above shows.
        if (test.status === 'expected' || test.status === 'flaky') result.passed += 1;
        else (test.status === 'skipped' ? result.skipped : result.failed).push(name);
      }
    }
    for (const inner of suite.suites ?? []) visit(inner, [...path, inner.title]);
  };
  for (const suite of report.suites) visit(suite, [suite.title]);
  for (const error of report.errors) result.failed.push(error.message.split('\n')[0]);
  return result;
}

const vitest = (name, minutes) => ({
  name,
  minutes,
  report: reportFile(name),
  command: [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--project=${name}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile(name)}`,
  ],
  read: readVitest,
});

/** In the order they run: the quick ones first. `minutes` is when a tier is taken to hang. */
export const tiers = [
  vitest('pure', 3),
  vitest('contract', 3),
  vitest('addon', 4),
  vitest('privileged', 16),
  {
    name: 'browser',
    minutes: 11,
    report: reportFile('browser'),
    command: [join(root, 'node_modules/@playwright/test/cli.js'), 'test'],
    read: readPlaywright,
  },
];

export function readReport(tier) {
  try {
    return tier.read(JSON.parse(readFileSync(tier.report, 'utf8')));
  } catch (error) {
    return { ...emptyResult(), failed: [`${tier.name}: no report of its tests (${error.message})`] };
  }
}
