// `npm run kernels [LINE …]`: starts Debian's kernels in virtual machines and runs the whole of Hopscope in each: doctor, trace and serve on
// the practice host. A minute for each kernel; needs no hardware support for virtualisation.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages } from '../../scripts/lib/apt.mjs';
import { Failure, main, root, step } from '../../scripts/lib/terminal.mjs';
import { buildImage } from './image.mjs';
import { openDebian } from './packages.mjs';

const LINES = ['5.10', '6.1', '6.12', '7'];
const folder = join(root, '.hopscope/kernels');
const ENDS_WITHIN_MS = 300_000;

/** What the practice host's pings must look like, whatever the kernel. */
const EXPECTED = [
  '172.17.0.1 > 172.17.0.2 replied: docker0 out, veth4b1f2a0 out, eth0 in, eth0 out, veth4b1f2a0 in, docker0 in',
  '172.17.0.2 > 172.17.0.3 replied: eth0 out, veth4b1f2a0 in, veth9c07d3e out, eth0 in, eth0 out, veth9c07d3e in, veth4b1f2a0 out, eth0 in',
  '172.17.0.2 > 198.51.100.9 replied: eth0 out, veth4b1f2a0 in, docker0 in, eth0 out, lan0 in, lan0 out, eth0 in, docker0 out, veth4b1f2a0 out, eth0 in',
  '172.17.0.3 > 203.0.113.66 dropped: eth0 out, veth9c07d3e in, docker0 in ✕ docker0',
];
/** An emulated machine is slow: of some ten pings a few are enough, and what was under way at the start is cut. */
const AT_LEAST = 2;

function boot({ image, version, modules }) {
  const initrd = buildImage(join(folder, `image-${version}`), modules, version);
  const args = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '2048', '-smp', '2', '-nographic', '-no-reboot'];
  const { stdout } = spawnSync(
    'qemu-system-x86_64',
    [...args, '-kernel', image, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1'],
    { encoding: 'utf8', timeout: ENDS_WITHIN_MS, maxBuffer: 2 ** 28 },
  );
  writeFileSync(join(folder, `${version}.log`), stdout);
  const line = /^PROBE (.*)$/m.exec(stdout.replaceAll('\r', ''))?.[1];
  if (line === undefined)
    throw new Failure(`kernel ${version}: nothing came of it: see .hopscope/kernels/${version}.log`);
  return JSON.parse(line);
}

/** @returns what is not as it should be */
function judge({ doctor, trace, serve }) {
  const problems = [];
  if (doctor.status !== 0) problems.push(`doctor ended with ${doctor.status}`);
  if (trace.status !== 0) problems.push(`trace ended with ${trace.status}: ${trace.said.at(-1)}`);
  for (const expected of EXPECTED) {
    const count = trace.kinds.find(({ name }) => name === expected)?.count ?? 0;
    if (count < AT_LEAST) problems.push(`${count} of: ${expected}`);
  }
  if (trace.ledger?.missed !== 0 || trace.ledger.pending !== 0)
    problems.push(`the ledger: ${JSON.stringify(trace.ledger)}`);
  if (serve.answer !== 200 || serve.status !== 0) problems.push(`serve: ${JSON.stringify(serve)}`);
  return problems;
}

main(async () => {
  await ensureDebianPackages(['build', 'lab', 'test', 'kernels']);
  mkdirSync(folder, { recursive: true });
  const debian = openDebian(folder);
  await step('Reading the lists of Debian’s kernels', async () => debian.update());
  const asked = process.argv.slice(2);
  let failed = 0;
  for (const line of asked.length > 0 ? asked : LINES) {
    const kernel = await step(`Fetching the newest kernel ${line}`, async () => debian.fetch(debian.newest(line)));
    const result = await step(`Running on ${kernel.version}`, async () => boot(kernel));
    const problems = judge(result);
    const off = (result.doctor.report.checks ?? []).filter(({ state }) => state !== 'on').map(({ name }) => name);
    const drop = result.trace.kinds.find(({ name }) => name === EXPECTED[3]);
    const seen = `${result.trace.ledger?.seen ?? 0} records, drop ${drop?.reason ?? '?'} at ${drop?.location ?? '?'}`;
    process.stdout.write(
      `${problems.length === 0 ? '✓' : '✗'} ${result.kernel}: ${seen}; off: ${off.join(', ') || 'nothing'}\n`,
    );
    for (const problem of problems) process.stdout.write(`    ${problem}\n`);
    failed += problems.length === 0 ? 0 : 1;
  }
  return failed === 0 ? 0 : 1;
});
