// `npm test [-- --tier NAME…]`: sets up, builds, runs the tiers, and ends with one line of totals. With CI or
// HOPSCOPE_NO_SKIPS set, a skipped test, an empty tier, and anything left behind on the host count as failures.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { endLeftovers, hostState, markVariable } from './lib/leftovers.mjs';
import { asRoot, isRoot } from './lib/privilege.mjs';
import { runHere } from './lib/run.mjs';
import { Failure, main, root, say, seconds } from './lib/terminal.mjs';
import { readReport, tiers } from './lib/tiers.mjs';
import { setUp } from './setup.mjs';

const strict = ['CI', 'HOPSCOPE_NO_SKIPS'].some((name) => !['', '0', 'false', undefined].includes(process.env[name]));
const mark = `${process.pid}-${Date.now()}`;
const ownEnvironment = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  [markVariable]: mark,
};

/** Runs one tier in a process group of its own, so that all of it can be ended. Returns its result. */
async function runTier(tier) {
  const started = Date.now();
  say(`\n== ${tier.name}`);
  mkdirSync(dirname(tier.report), { recursive: true });
  rmSync(tier.report, { force: true });
  const child = spawn(process.execPath, tier.command, {
    cwd: root,
    env: ownEnvironment,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const endGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended.
    }
  };
  const stop = () => {
    endGroup('SIGKILL');
    endLeftovers(mark);
    process.exit(130);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let tooLong = false;
  const timer = setTimeout(() => {
    tooLong = true;
    endGroup('SIGKILL');
  }, tier.minutes * 60_000);
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  process.off('SIGINT', stop).off('SIGTERM', stop);

  const result = readReport(tier);
  if (tooLong) result.failed = [`${tier.name}: not done after ${tier.minutes} minutes`];
  else if (exitCode !== 0 && result.failed.length === 0) result.failed.push(`${tier.name}: ended with ${exitCode}`);
  return { tier, ...result, failed: [...result.failed, ...leftBehind(tier)], time: seconds(started) };
}

function leftBehind(tier) {
  return endLeftovers(mark).map((name) => `${tier.name} left behind: ${name}`);
}

function report(results) {
  say('\n== summary');
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { tier, passed, failed, skipped, time } of results) {
    say(`${tier.name.padEnd(11)} ${passed} passed, ${failed.length} failed, ${skipped.length} skipped (${time})`);
    total.passed += passed;
    total.failed += failed.length;
    total.skipped += skipped.length;
  }
  for (const { failed } of results) for (const name of failed) say(`✗ ${name}`);
  for (const { skipped } of results) {
    for (const name of skipped) say(`${strict ? '✗ skipped, which CI does not allow:' : '- skipped:'} ${name}`);
  }
  if (strict) {
    total.failed += total.skipped;
    total.skipped = 0;
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return total.failed > 0 ? 1 : 0;
}

function chooseTiers() {
  const { values } = parseArgs({ options: { tier: { type: 'string', multiple: true } } });
  const unknown = values.tier?.find((name) => !tiers.some((tier) => tier.name === name));
  if (unknown !== undefined) {
    throw new Failure(`no such tier: ${unknown} (there are ${tiers.map((tier) => tier.name).join(', ')})`, 2);
  }
  return tiers.filter((tier) => values.tier?.includes(tier.name) ?? true);
}

main(async () => {
  const chosen = chooseTiers();
  const needsRoot = chosen.some((tier) => ['addon', 'privileged', 'browser'].includes(tier.name));
  await setUp(needsRoot ? ['build', 'lab', 'test'] : ['build']);
  await build();
  if (needsRoot && !isRoot()) {
    const [command, ...args] = asRoot('run the tests that watch the kernel', [
      process.execPath,
      ...process.argv.slice(1),
    ]);
    return runHere(command, args);
  }
  const before = new Set(hostState());
  const results = [];
  for (const tier of chosen) results.push(await runTier(tier));
  if (strict) {
    const added = hostState().filter((each) => !before.has(each) && !each.startsWith(`mount ${join(root)}`));
    results.at(-1).failed.push(...added.map((each) => `left behind on the host: ${each}`));
  }
  return report(results);
});
