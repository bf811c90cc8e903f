// `hopscope record` and `hopscope trace -r`: what is in the file, whatever ends the recording.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Lab, PRACTICE_HOST, startLab } from '@hopscope/lab';
import { openRecording } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Companion, startCompanion } from './support/child.ts';
import { type Finished, PROGRAM, runHopscope } from './support/hopscope.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn, runIn } from './support/run.ts';

const OUTSIDE = '198.51.100.9';
const ENV = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '1', SUDO_UID: '', SUDO_GID: '' };
/** Nobody on this machine. */
const USER = 61234;

describe('what is no recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-read-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const named = (name: string, bytes: string) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  test.each([
    ['a file that is not there', () => join(folder, 'nothing'), 'there is no such file'],
    ['a device', () => '/dev/zero', 'no ordinary file'],
    ['a folder', () => folder, 'no ordinary file'],
    ['an empty file', () => named('empty', ''), 'no Hopscope recording'],
    [
      'a capture of another program',
      () => named('pcapng', '\x0a\x0d\x0d\x0a\x1c\0\0\0M<+\x1a'),
      'no Hopscope recording',
    ],
    [
      'one of a newer version',
      () => named('newer', 'HOPSFILE\x02\0\0\0\x10\0\0\0'),
      'has version 2, this Hopscope reads up to 1',
    ],
    [
      'a sparse file of 4 GB that begins like one',
      () => {
        const path = named('sparse', 'HOPSFILE\x01\0\0\0\xff\xff\xff\xff');
        truncateSync(path, 4 * 2 ** 30);
        return path;
      },
      'at byte 12 claims',
    ],
  ])('%s', (_, path, said) => {
    const { status, stdout, stderr } = runHopscope(['trace', '-r', path()], [], ENV);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(said)]);
  });
});

describe('a display filter that is none', () => {
  test('is shown with a mark under the word that is wrong', () => {
    const { status, stderr } = runHopscope(['trace', '--display-filter', 'icmp && ip.adr == 10.0.0.1'], [], ENV);
    expect(status).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'hopscope: --display-filter: "ip.adr" is no field (did you mean ip.addr?)',
      '  icmp && ip.adr == 10.0.0.1',
      '          ^^^^^^',
      '',
    ]);
  });
});

describeUnless(whyNotRoot(), whyNoPrograms())('recording', () => {
  let lab: Lab;
  let folder = '';
  const running: Companion[] = [];

  beforeAll(async () => {
    lab = await startLab({ ...PRACTICE_HOST, traffic: [] });
    await pingIn(lab, 'web', '-c', '2', '-i', '0.2', OUTSIDE);
    folder = mkdtempSync(join(tmpdir(), 'hopscope-record-'));
    chmodSync(folder, 0o755);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await lab?.stop();
  });

  const netns = () => lab.namespaces.flatMap(({ inum }) => ['--filter-netns', String(inum)]);
  const at = (name: string) => join(folder, name);

  /** Only what is in the lab. Resolves when no packet is overlooked any more. */
  async function record(path: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Companion> {
    const argv = [process.execPath, PROGRAM, 'record', '-w', path, ...netns(), ...flags];
    const companion = startCompanion(argv, { env: { ...ENV, ...env } });
    running.push(companion);
    await companion.waitForLine(/^Recording/);
    return companion;
  }

  const ping = (count: number) => pingIn(lab, 'web', '-c', String(count), '-i', '0.02', OUTSIDE);
  function read(path: string, ...flags: string[]): Finished {
    const argv = [PROGRAM, 'trace', '-r', path, ...flags];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      encoding: 'utf8',
      env: ENV,
      maxBuffer: 2 ** 28,
    });
    return { status, stdout, stderr };
  }
  const objects = ({ stdout }: Finished, type: string) =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter((object) => object.type === type);

  test('every ping is in the file, and the ledger says so', async () => {
    const path = at('pings.hops');
    const recorder = await record(path);
    await ping(20);
    expect(await recorder.stop('SIGINT')).toBe(0);
    const [, hops, bytes] = /^recorded (\d+) hops in (\d+) bytes/.exec(recorder.stderr.at(-1) ?? '') ?? [];
    expect(Number(bytes)).toBe(statSync(path).size);

    const json = read(path, '--json');
    expect(json.status).toBe(0);
    const exchanges = objects(json, 'exchange');
    expect(exchanges).toHaveLength(20);
    expect(new Set(exchanges.map(({ verdict, hops }) => `${verdict} ${hops.length}`))).toEqual(new Set(['replied 10']));
    expect(objects(json, 'ledger').at(-1)).toMatchObject({ delivered: Number(hops), missed: 0, final: true });
    expect(json.stderr).toContain(`seen ${hops}, delivered ${hops}, missed 0`);
    // With the addresses and names that the lab had.
    expect(read(path, '--tree', '-n', '1').stdout).toContain('(web → outside)  replied');
  });

  test('the display filter prints the exchanges that match, whole, and no others', async () => {
    const path = at('filtered.hops');
    const recorder = await record(path);
    await ping(3);
    await pingIn(lab, 'web', '-c', '2', '-i', '0.02', '172.17.0.3');
    await recorder.stop('SIGINT');
    const filtered = read(path, '--display-filter', 'container == "db"');
    const lines = filtered.stdout.trimEnd().split('\n');
    // eth0, veth, bridge port, … there and back: as many for each.
    expect(lines).toEqual(
      read(path)
        .stdout.split('\n')
        .filter((line) => line.includes('172.17.0.3')),
    );
    expect(lines.length).toBeGreaterThan(10);
    const json = read(path, '--json', '--display-filter', `ip.addr == ${OUTSIDE}`);
    expect(objects(json, 'exchange')).toHaveLength(3);
    expect(new Set(objects(json, 'hop').map(({ icmp }) => icmp.seq))).toEqual(new Set([1, 2, 3]));
    expect(objects(json, 'path').map(({ sent }) => sent)).toEqual([3]);
    expect(objects(read(path, '--json', '-n', '1', '--display-filter', 'rtt > 1h'), 'exchange')).toEqual([]);
    const one = read(path, '-n', '1', '--display-filter', 'icmp.seq == 2');
    expect(one.stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('.002')]);
  });

  test('a recording is judged by the time-out that it was made with, unless another is asked for', async () => {
    const path = at('impatient.hops');
    const recorder = await record(path, ['--timeout', '0.2']);
    const ignoreEchoes = (value: 0 | 1) =>
      runIn(lab, 'outside', ['sysctl', '-qw', `net.ipv4.icmp_echo_ignore_all=${value}`]);
    await ignoreEchoes(1);
    await runIn(lab, 'web', ['ping', '-c', '1', '-W', '1', OUTSIDE]);
    await ignoreEchoes(0);
    await recorder.stop('SIGINT');
    const verdicts = (...flags: string[]) =>
      objects(read(path, '--json', ...flags), 'exchange').map(({ verdict }) => verdict);
    expect([verdicts(), verdicts('--timeout', '10')]).toEqual([['lost-sight'], ['in-flight']]);
  });

  test('killed at any moment it leaves a file that is good up to its last whole block', async () => {
    for (const ms of [0, 300, 900, 1100, 1700, 2300]) {
      const path = at(`killed-${ms}.hops`);
      const recorder = await record(path);
      const pings = ping(100);
      await expect.poll(() => statSync(path).size).toBeGreaterThan(0);
      const until = Date.now() + ms;
      await expect.poll(() => Date.now(), { interval: 20, timeout: 5000 }).toBeGreaterThanOrEqual(until);
      await recorder.stop('SIGKILL');
      await pings;
      const json = read(path, '--json');
      expect(json.stderr).toMatch(/at byte \d+: (the recording was not finished|the file ends inside of a block): /);
      expect(json.status).toBe(1);
      // A block is written each second.
      if (ms > 1500) expect(objects(json, 'exchange').length).toBeGreaterThan(0);
    }
  });

  test('FILE.1, FILE.2, … each can be read alone', async () => {
    const path = at('many.hops');
    const recorder = await record(path, ['--rotate', '64K']);
    await pingIn(lab, 'web', '-c', '1500', '-f', OUTSIDE);
    expect(await recorder.stop('SIGINT')).toBe(0);
    const names = readdirSync(folder).filter((name) => name.startsWith('many.hops'));
    expect(names.length).toBeGreaterThan(1);
    expect(existsSync(path)).toBe(false);
    let hops = 0;
    for (const name of names) {
      const report = read(at(name), '--json');
      expect([name, report.status, report.stderr]).toEqual([name, 0, expect.any(String)]);
      const bytes = readFileSync(at(name));
      const source = {
        bytes: bytes.length,
        read: async (from: number, count: number) => bytes.subarray(from, from + count),
      };
      const { blocks, damage } = await openRecording(source, (packed) => gunzipSync(packed));
      expect(damage).toBeNull();
      hops += blocks.reduce((sum, block) => sum + block.hops, 0);
      expect(objects(report, 'exchange').every(({ hops: [hop] }) => hop.netnsName !== '')).toBe(true);
    }
    expect(recorder.stderr.at(-1)).toMatch(new RegExp(`^recorded ${hops} hops in \\d+ bytes`));
    expect(recorder.stderr.at(-1)).toContain(`delivered ${hops}, `);
  });

  test('a full disk ends it with a message; what is whole is kept', async () => {
    const disk = at('disk');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]).status).toBe(0);
    try {
      const path = join(disk, 'full.hops');
      const recorder = await record(path);
      const flood = pingIn(lab, 'web', '-c', '3000', '-f', OUTSIDE);
      const line = await recorder.waitForLine(/^hopscope: /);
      expect(line).toMatch(
        /full\.hops cannot be written: the disk is full, so the recording has ended: the \d+ hops in the \d+ bytes/,
      );
      expect(await recorder.stop('SIGTERM')).toBe(1);
      await flood;
      const [, hops, bytes] = /the (\d+) hops in the (\d+) bytes/.exec(line) ?? [];
      expect(statSync(path).size).toBe(Number(bytes));
      const json = read(path, '--json');
      expect(json.stderr).toContain(
        `at byte ${bytes}: the recording was not finished: the ${hops} hops before it were read`,
      );
      expect(objects(json, 'hop').length).toBeGreaterThan(1000);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  test('the file belongs to the person behind sudo, and nobody else may read it', async () => {
    const path = at('mine.hops');
    const recorder = await record(path, ['--duration', '0.2'], { SUDO_UID: String(USER), SUDO_GID: String(USER) });
    await recorder.stop('SIGCONT');
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([USER, USER, 0o600]);
  });

  test('it replaces nothing unless asked, and follows no link', () => {
    const path = at('there.hops');
    const target = at('precious');
    writeFileSync(target, 'precious');
    writeFileSync(path, 'before');
    const start = (...flags: string[]) => runHopscope(['record', ...netns(), '--duration', '0.2', ...flags], [], ENV);
    expect(start('-w', path)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is there already: --force'),
    });
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(start('-w', path, '--force').status).toBe(0);
    expect(readFileSync(path, 'latin1').slice(0, 8)).toBe('HOPSFILE');
    symlinkSync(target, at('link.hops'));
    expect(start('-w', at('link.hops'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no ordinary file'),
    });
    expect(start('-w', at('link.hops'), '--force')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no ordinary file'),
    });
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  test('a folder behind a link that somebody else put into a sticky folder is refused', () => {
    const sticky = at('sticky');
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    const link = join(sticky, 'link');
    expect(spawnSync('ln', ['-s', folder, link]).status).toBe(0);
    expect(spawnSync('chown', ['-h', String(USER), link]).status).toBe(0);
    const { status, stderr } = runHopscope(['record', ...netns(), '-w', join(link, 'x.hops')], [], ENV);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is a link that somebody else has put there')]);
    expect(existsSync(at('x.hops'))).toBe(false);
  });

  test('a recording is read without privilege', async () => {
    const path = at('anybody.hops');
    const recorder = await record(path);
    await ping(1);
    await recorder.stop('SIGINT');
    chmodSync(path, 0o644);
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
    const { status, stdout } = runHopscope(['trace', '-r', path, '--tree'], asNobody, ENV);
    expect([status, stdout]).toEqual([0, expect.stringContaining('replied')]);
  });

  test('flags that a file has no use for are refused', () => {
    const { status, stderr } = runHopscope(['trace', '-r', at('pings.hops'), '-i', 'eth0'], [], ENV);
    expect([status, stderr]).toEqual([2, expect.stringContaining('--read and --interface exclude each other')]);
  });

  test('nothing of a recording that could not begin is left', () => {
    const path = at('never.hops');
    const { status } = runHopscope(['record', '-w', path, '--filter-netns', 'no-such-namespace'], [], ENV);
    expect(status).not.toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});
