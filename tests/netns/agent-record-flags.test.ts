// `hopscope record` with what it can be told: how long, and what it lets through.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, PRACTICE_HOST, startLab } from '@hopscope/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCompanion } from './support/child.ts';
import { PROGRAM, runHopscope } from './support/hopscope.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn, runIn } from './support/run.ts';

const ENV = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '1', SUDO_UID: '', SUDO_GID: '' };

describeUnless(whyNotRoot(), whyNoPrograms())('hopscope record', () => {
  let lab: Lab;
  let folder = '';

  beforeAll(async () => {
    lab = await startLab({ ...PRACTICE_HOST, traffic: [] });
    await pingIn(lab, 'web', '-c', '1', '172.17.0.3');
    folder = mkdtempSync(join(tmpdir(), 'hopscope-record-'));
    chmodSync(folder, 0o755);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await lab?.stop();
  });

  test('--duration ends it; the filter lets through what it names, and is in the file', async () => {
    const path = join(folder, 'udp.hops');
    const netns = lab.namespaces.flatMap(({ inum }) => ['--filter-netns', String(inum)]);
    const flags = ['--duration', '1.5', '--filter-proto', 'udp', '--filter-port', '5353', '--notes', 'UDP alone'];
    const recorder = startCompanion([process.execPath, PROGRAM, 'record', '-w', path, ...netns, ...flags], {
      env: ENV,
    });
    await recorder.waitForLine(/^Recording UDP \(port 5353\) packets/);
    const send = (port: number) => runIn(lab, 'web', ['bash', '-c', `echo hello > /dev/udp/172.17.0.3/${port}`]);
    await send(5353);
    await send(5354);
    await pingIn(lab, 'web', '-c', '1', '172.17.0.3');
    await recorder.waitForLine(/^recorded /);
    // Nothing is left to be stopped: it has ended by itself.
    expect(await recorder.stop('SIGTERM')).toBe(0);
    expect(recorder.stderr.at(-1)).toMatch(/^recorded \d+ hops in \d+ bytes .*; seen (\d+), delivered \1, missed 0/);

    const { status, stdout } = runHopscope(['trace', '-r', path, '--json'], [], ENV);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const exchanges = lines.filter(({ type }) => type === 'exchange');
    expect([status, exchanges.map(({ kind, ports }) => [kind, ports.dst])]).toEqual([0, [['udp', 5353]]]);
    const summary = runHopscope(['export', path, '-o', '-', '--format', 'md'], [], ENV).stdout;
    expect(summary).toContain('--filter-proto udp --filter-port 5353');
    expect(summary).toContain('UDP alone');
  });
});
