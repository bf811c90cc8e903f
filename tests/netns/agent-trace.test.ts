// `hopscope trace` as a user sees it. (That its lines are the kernel's events is the ground-truth test's business.)
import { execFileSync, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Companion, startCompanion } from './support/child.ts';
import { PROGRAM } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
const ping = (...args: string[]) => execFileSync('ping', ['-q', '-c', '1', ...args], { stdio: 'ignore' });

const CLOSING = /^seen (\d+), delivered (\d+), missed 0$/;

describeUnless(whyNotRoot())('hopscope trace', () => {
  const running: Companion[] = [];
  /** A namespace of our own, so that nobody else's pings are seen. */
  const netns = `hopscope-trace-${process.pid}`;
  const other = `${netns}-other`;
  let inum = '';

  beforeEach(() => {
    for (const name of [netns, other]) ip('netns', 'add', name);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
    inum = execFileSync('ip', ['netns', 'exec', netns, 'readlink', '/proc/self/ns/net'], { encoding: 'utf8' }).replace(
      /\D/g,
      '',
    );
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
    for (const name of [netns, other]) ip('netns', 'delete', name);
  });

  async function trace(...flags: string[]): Promise<Companion> {
    const companion = startCompanion([process.execPath, PROGRAM, 'trace', ...flags]);
    running.push(companion);
    await companion.waitForLine(/^Tracing/);
    return companion;
  }
  const traceHere = (...flags: string[]) => trace('--filter-netns', netns, ...flags);
  const pingHere = (...args: string[]) =>
    execFileSync('ip', ['netns', 'exec', netns, 'ping', '-q', '-c', '1', ...args], { stdio: 'ignore' });

  /** Waits for the end that a count or duration brings, and for all of the output. */
  async function ended(companion: Companion): Promise<number | null> {
    await companion.waitForLine(CLOSING);
    return companion.stop('SIGINT');
  }

  /** Waits until the printer has caught up with what was sent, then interrupts it. */
  async function stopAfter(companion: Companion, lines: number): Promise<number | null> {
    await expect.poll(() => companion.stdout.length, { timeout: 5000 }).toBeGreaterThanOrEqual(lines);
    return companion.stop('SIGINT');
  }

  test('the seed prints its line for each device crossing', async () => {
    const companion = await traceHere();
    pingHere('127.0.0.1');
    pingHere('::1');
    expect(await stopAfter(companion, 8)).toBe(0);
    const line = (kind: string, address: string) =>
      new RegExp(`^\\[ {2}${inum}\\] {15}lo ${kind.padStart(7)} #\\d+\\.001 ${address} -> ${address}$`);
    const expected = ['127.0.0.1', '::1'].flatMap((address) =>
      ['request', 'request', 'reply', 'reply'].map((kind) => line(kind, address)),
    );
    expect(companion.stdout).toHaveLength(expected.length);
    companion.stdout.forEach((text, i) => {
      expect(text).toMatch(expected[i] ?? /$^/);
    });
    const [, seen, delivered] = CLOSING.exec(companion.stderr.at(-1) ?? '') ?? [];
    expect(companion.stderr).toHaveLength(2);
    expect(Number(seen)).toBeGreaterThanOrEqual(8);
    expect(delivered).toBe(seen);
  });

  test('-n stops after so many lines, --duration after so long', async () => {
    const counted = await traceHere('-n', '3');
    pingHere('127.0.0.1');
    expect(await ended(counted)).toBe(0);
    expect(counted.stdout).toHaveLength(3);

    const timed = await traceHere('--duration', '0.2');
    expect(await ended(timed)).toBe(0);
    expect(timed.stdout).toEqual([]);
  });

  test('-v prints every stage with the time since the journey began', async () => {
    const companion = await traceHere('-v');
    pingHere('127.0.0.1');
    await stopAfter(companion, 10);
    const stages = companion.stdout.map((line) => / \+(\d+\.\d{3}) µs {2}(\w+)$/.exec(line)?.slice(1));
    expect(stages.map((stage) => stage?.[1])).toEqual(
      expect.arrayContaining(['net_dev_queue', 'net_dev_start_xmit', 'netif_rx', 'netif_receive_skb', 'consume_skb']),
    );
    expect(stages[0]?.[0]).toBe('0.000');
    const request = companion.stdout.flatMap((line, i) => (line.includes('request') ? Number(stages[i]?.[0]) : []));
    expect(request).toEqual([...request].sort((a, b) => a - b));
  });

  test('--json is what docs/json.md says', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const companion = await traceHere('--json');
    pingHere('127.0.0.1');
    // The journeys follow when the exchange is over.
    await expect
      .poll(() => companion.stdout.filter((line) => line.includes('"journey"')).length, { timeout: 5000 })
      .toBe(2);
    await companion.stop('SIGINT');
    const objects = companion.stdout.map((line) => JSON.parse(line));
    expect(objects.every(({ schema }) => schema === 1)).toBe(true);
    const of = (type: string) => objects.filter((object) => object.type === type);

    const echo = { code: 0, id: expect.any(Number), seq: 1 };
    const hop = (kind: string, stage: string) => ({
      schema: 1,
      type: 'hop',
      t: expect.stringMatching(/^\d{19}$/),
      netns: Number(inum),
      netnsName: netns,
      ifindex: 1,
      ifname: 'lo',
      stage,
      packet: expect.stringMatching(/^[1-9]\d*$/),
      family: 4,
      src: '127.0.0.1',
      dst: '127.0.0.1',
      len: stage === 'netif_rx' ? 84 : 98,
      protocol: 'icmp',
      icmp: { type: kind === 'request' ? 8 : 0, ...echo },
      kind,
    });
    const hops = of('hop');
    expect(hops).toEqual([
      hop('request', 'net_dev_queue'),
      hop('request', 'netif_rx'),
      hop('reply', 'net_dev_queue'),
      hop('reply', 'netif_rx'),
    ]);
    expect(hops[0].packet).toBe(hops[1].packet);
    expect(hops[2].packet).toBe(hops[3].packet);
    expect(hops[0].packet).not.toBe(hops[2].packet);
    const now = BigInt(Date.now()) * 1_000_000n;
    const slack = 50_000_000n;
    for (const { t } of hops) expect(BigInt(t) > before - slack && BigInt(t) < now + slack).toBe(true);

    expect(of('journey').map(({ kind, verdict, path }) => ({ kind, verdict, path }))).toEqual(
      ['request', 'reply'].map((kind) => ({
        kind,
        verdict: 'delivered',
        path: ['out', 'in'].map((way) => ({
          netns: Number(inum),
          netnsName: netns,
          ifindex: 1,
          ifname: 'lo',
          way,
          sinceNs: expect.any(Number),
        })),
      })),
    );
    const last = objects.at(-1);
    expect(last).toMatchObject({ type: 'ledger', final: true, missed: 0, pending: 0 });
    expect(last.seen).toBe(last.delivered);
    expect(of('ledger').filter(({ final }) => final)).toHaveLength(1);
  });

  test('a true drop is one more line, with the reason and the place, and a sentence', async () => {
    // The other end has no address and does not forward.
    ip('-n', netns, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1', 'netns', other);
    ip('-n', netns, 'link', 'set', 'veth0', 'up');
    ip('-n', other, 'link', 'set', 'veth1', 'up');
    ip('-n', netns, 'address', 'add', '198.18.0.1/24', 'dev', 'veth0');
    const [{ address }] = JSON.parse(ip('-n', other, '-j', 'link', 'show', 'veth1'));
    ip('-n', netns, 'neighbour', 'add', '198.18.0.2', 'lladdr', address, 'dev', 'veth0');
    const [text, json] = [await traceHere('--filter-netns', other), await traceHere('--filter-netns', other, '--json')];
    spawnSync('ip', ['netns', 'exec', netns, 'ping', '-q', '-c', '1', '-W', '1', '198.18.0.2']);
    await json.waitForLine(/"drop"/);
    await json.waitForLine(/"exchange","t"/);
    await Promise.all([stopAfter(text, 4), json.stop('SIGINT')]);
    expect(text.stdout).toEqual([
      expect.stringMatching(/ veth0 request #\d+\.001 198\.18\.0\.1 -> 198\.18\.0\.2$/),
      expect.stringMatching(/ veth1 request #\d+\.001 198\.18\.0\.1 -> 198\.18\.0\.2$/),
      expect.stringMatching(
        / veth1 request #\d+\.001 198\.18\.0\.1 -> 198\.18\.0\.2 +dropped: [A-Z_0-9]+ at \w+\+0x[0-9a-f]+$/,
      ),
      expect.stringMatching(/^ {16}[A-Z].*\.$/),
    ]);
    const drop = {
      reason: expect.stringMatching(/^[A-Z_0-9]+$/),
      location: expect.stringMatching(/^\w+\+0x[0-9a-f]+$/),
    };
    const objects = json.stdout.map((line) => JSON.parse(line));
    expect(objects.filter((object) => object.type === 'hop' && 'drop' in object)).toEqual([
      expect.objectContaining({ stage: 'kfree_skb', ifname: 'veth1', drop }),
    ]);
    expect(objects.filter(({ type }) => type === 'journey')).toEqual([
      expect.objectContaining({ verdict: 'dropped', drop: { ...drop, ifname: 'veth1' } }),
    ]);
    const [exchange] = objects.filter(({ type }) => type === 'exchange');
    expect(exchange.drop).toEqual({
      ...drop,
      netns: expect.any(Number),
      netnsName: other,
      ifname: 'veth1',
      sinceNs: expect.any(Number),
      evidence: expect.objectContaining({ 'link.device': 'veth1', 'packet.length': 84 }),
      sentence: text.stdout[3]?.trim(),
    });
  });

  test.each([
    ['an inode number', () => inum],
    ['a path', () => `/run/netns/${netns}`],
    ['a name', () => netns],
  ])('--filter-netns with %s, and nothing from elsewhere', async (_what, spec) => {
    const companion = await trace('--filter-netns', spec(), '-n', '4');
    ping('127.0.0.1');
    pingHere('127.0.0.1');
    await ended(companion);
    expect(companion.stdout.every((line) => line.startsWith(`[  ${inum}]`))).toBe(true);
  });

  test('-i shows one interface alone', async () => {
    ip('-n', netns, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1');
    for (const name of ['veth0', 'veth1']) ip('-n', netns, 'link', 'set', name, 'up');
    ip('-n', netns, 'address', 'add', '198.18.0.1/24', 'dev', 'veth0');
    const companion = await traceHere('-i', 'lo', '-n', '4');
    spawnSync('ip', ['netns', 'exec', netns, 'ping', '-q', '-c', '1', '-W', '1', '-I', 'veth0', '198.18.0.2']);
    pingHere('127.0.0.1');
    await ended(companion);
    expect(companion.stdout.every((line) => /\] {15}lo /.test(line))).toBe(true);
  });

  test('an interface that would write to the terminal is only text', async () => {
    const evil = '\u001b[31m<b>"\'&$`';
    ip('-n', netns, 'link', 'add', evil, 'type', 'veth', 'peer', 'name', 'peer');
    for (const name of [evil, 'peer']) ip('-n', netns, 'link', 'set', name, 'up');
    ip('-n', netns, 'address', 'add', '198.18.0.1/24', 'dev', evil);
    ip('-n', netns, 'neighbour', 'add', '198.18.0.2', 'lladdr', '02:00:00:00:00:01', 'dev', evil);
    const send = () => spawnSync('ip', ['netns', 'exec', netns, 'ping', '-q', '-c', '1', '-W', '1', '198.18.0.2']);
    const text = await traceHere('-n', '1');
    const json = await traceHere('-n', '1', '--json');
    send();
    await Promise.all([ended(text), ended(json)]);
    expect(text.stdout[0]).toContain('?[31m<b>"\'&$` request');
    const line = json.stdout.find((each) => each.includes('"hop"')) ?? '';
    expect(line).not.toContain('\u001b');
    expect(JSON.parse(line).ifname).toBe(evil);
  });

  test('a reader that has seen enough is no failure', () => {
    const script = `set -o pipefail; "$0" "$1" trace -v --lab | head -n 1`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, PROGRAM], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([status, stdout.split('\n').length, stderr]).toEqual([0, 2, 'Tracing ICMP echo packets: Ctrl-C ends it.\n']);
  });

  test('colours on a terminal alone, and not when they are unwanted', () => {
    const command = `${process.execPath} ${PROGRAM} trace --lab -n 1`;
    const onTerminal = (env: Record<string, string>) =>
      spawnSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        timeout: 30_000,
        env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
      }).stdout;
    expect(onTerminal({})).toContain('\u001b[');
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b[');
    expect(onTerminal({ TERM: 'dumb' })).not.toContain('\u001b[');
    const { stdout } = spawnSync(process.execPath, [PROGRAM, 'trace', '--lab', '-n', '1'], {
      encoding: 'utf8',
      env: { ...process.env, FORCE_COLOR: '1' },
    });
    expect(stdout).toMatch(/^\[ {2}\d+\]/);
  });

  test("--lab --filter-netns takes the lab's names", () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [PROGRAM, 'trace', '--lab', '--filter-netns', 'web', '--json', '-n', '4'],
      { encoding: 'utf8', timeout: 30_000 },
    );
    const hops = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'hop');
    expect([status, hops.length, new Set(hops.map(({ netnsName }) => netnsName))]).toEqual([0, 4, new Set(['web'])]);
  });
});
