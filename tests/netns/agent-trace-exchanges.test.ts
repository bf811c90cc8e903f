// What `hopscope trace` says of whole exchanges: trees, mtr's table, JSON. The truth is what ping itself prints.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type Lab, PRACTICE_HOST, startLab } from '@hopscope/lab';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Companion, startCompanion } from './support/child.ts';
import { PROGRAM, runHopscope } from './support/hopscope.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { runIn } from './support/run.ts';

const WEB = '172.17.0.2';
const OUTSIDE = '198.51.100.9';
const SUMMARY = /(\d+) packets transmitted, (\d+) received.* ([\d.]+)% packet loss/;
const RTT = /rtt min\/avg\/max\/mdev = ([\d.]+)\/([\d.]+)\/([\d.]+)\/[\d.]+ ms/;

const UTF8 = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '1' };

describe('flags that contradict each other', () => {
  test.each([
    [['--tree', '--json'], '--tree and --json exclude each other'],
    [['--tree', '-v'], '--tree and --verbose exclude each other'],
    [['--report', '--json'], '--report and --json exclude each other'],
    [['--mtr'], '--mtr draws on a terminal, and the output is none: use --report'],
    [['--mtr', '--tree'], '--tree and --mtr exclude each other'],
  ])('%j', (flags, said) => {
    const { status, stdout, stderr } = runHopscope(['trace', ...flags]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });
});

describeUnless(whyNotRoot(), whyNoPrograms())('exchanges in the terminal', () => {
  let lab: Lab;
  const running: Companion[] = [];

  beforeAll(async () => {
    lab = await startLab({ ...PRACTICE_HOST, traffic: [] });
    // Neighbours are known from here on: each ping crosses the same devices.
    await ping('-c', '2', '-i', '0.2', OUTSIDE);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
  });
  afterAll(() => lab?.stop());

  const ping = (...args: string[]) => runIn(lab, 'web', ['ping', '-n', ...args]);

  /** Only what is in the lab. */
  async function trace(...flags: string[]): Promise<Companion> {
    const netns = lab.namespaces.flatMap(({ inum }) => ['--filter-netns', String(inum)]);
    const companion = startCompanion([process.execPath, PROGRAM, 'trace', ...netns, ...flags], { env: UTF8 });
    running.push(companion);
    await companion.waitForLine(/^Tracing/);
    return companion;
  }

  const inumOf = (name: string) => lab.namespaces.find((each) => each.name === name)?.inum;
  const objectsOf = ({ stdout }: Companion, type: string) =>
    stdout.map((line) => JSON.parse(line)).filter((object) => object.type === type);

  test("a path's Snt, Loss% and round trip are ping's own", async () => {
    const json = await trace('--json');
    const report = await trace('--report');
    const good = await ping('-c', '20', '-i', '0.05', OUTSIDE);
    // From now on the host drops what web sends outside.
    const rule = 'insert rule ip practice forward ip saddr 172.17.0.2 ip daddr 198.51.100.9 drop';
    const blocked = await runIn(lab, 'host', ['nft', rule]);
    expect(blocked).toEqual({ status: 0, text: '' });
    const bad = await ping('-c', '5', '-i', '0.05', '-W', '1', OUTSIDE);
    await runIn(lab, 'host', ['nft', 'flush', 'chain', 'ip', 'practice', 'forward']);
    await expect.poll(() => objectsOf(json, 'exchange').length, { timeout: 10_000 }).toBe(25);
    expect([await json.stop('SIGINT'), await report.stop('SIGINT')]).toEqual([0, 0]);

    const [, sent = '', received = ''] = SUMMARY.exec(good.text) ?? [];
    const [, sentBad = '', receivedBad = ''] = SUMMARY.exec(bad.text) ?? [];
    expect([sent, received, sentBad, receivedBad]).toEqual(['20', '20', '5', '0']);
    const paths = objectsOf(json, 'path');
    expect(paths).toHaveLength(1);
    const [path] = paths;
    expect(path).toMatchObject({ src: WEB, dst: OUTSIDE, sent: 25, unclear: 0 });
    expect(path.verdicts).toEqual({ replied: 20, delivered: 0, dropped: 5, error: 0, 'lost-sight': 0 });
    expect(
      path.hops.map((hop: Record<string, unknown>) => `${hop.kind} ${hop.ifname} ${hop.way} ${hop.lossPercent}`),
    ).toEqual([
      ...[
        'request eth0 out 0',
        'request veth4b1f2a0 in 0',
        'request docker0 in 0',
        'request eth0 out 20',
        'request lan0 in 20',
      ],
      ...[
        'reply lan0 out 20',
        'reply eth0 in 20',
        'reply docker0 out 20',
        'reply veth4b1f2a0 out 20',
        'reply eth0 in 20',
      ],
    ]);
    expect(path.hops.map((hop: { netns: number }) => hop.netns)).toEqual(
      ['web', 'host', 'host', 'host', 'outside', 'outside', 'host', 'host', 'host', 'web'].map(inumOf),
    );
    expect(path.drops).toEqual([expect.objectContaining({ kind: 'request', ifname: 'docker0', count: 5 })]);

    // ping's clock starts before the first device and stops after the last.
    const [min = 0, avg = 0, max = 0] = (RTT.exec(good.text) ?? []).slice(1).map(Number);
    const { roundTrip } = path.hops[0];
    expect(roundTrip.count).toBe(20);
    for (const [ours, pings] of [
      [roundTrip.bestNs, min],
      [roundTrip.meanNs, avg],
      [roundTrip.worstNs, max],
    ]) {
      expect(ours).toBeGreaterThan(0);
      expect(ours / 1e6).toBeLessThanOrEqual(pings + 0.001);
    }
    // And per packet: ping prints each.
    const printed = new Map(
      [...good.text.matchAll(/icmp_seq=(\d+) .*time=([\d.]+) ms/g)].map(([, seq, time]) => [Number(seq), Number(time)]),
    );
    const replied = objectsOf(json, 'exchange').filter(({ verdict }) => verdict === 'replied');
    expect(replied).toHaveLength(printed.size);
    for (const { icmp, rttNs } of replied)
      expect(rttNs / 1e6).toBeLessThanOrEqual((printed.get(icmp.seq) ?? 0) + 0.001);

    // The table says the same.
    const table = report.stdout.map((line) => line.trim().split(/ {2,}/));
    expect(report.stdout[0]).toMatch(/^ping 172\.17\.0\.2 → 198\.51\.100\.9 \(.*\): 25 sent, 20 replied, 5 dropped$/);
    const rows = table.filter(([direction]) => direction === 'request' || direction === 'reply');
    expect(rows.map(([direction, , device, way, loss, snt]) => [direction, device, way, loss, snt])).toEqual(
      path.hops.map((hop: Record<string, unknown>) => [hop.kind, hop.ifname, hop.way, `${hop.lossPercent}.0%`, '25']),
    );
    expect(Number(rows[0]?.at(-1))).toBeGreaterThan(0);
    expect(Number(rows[0]?.at(-1)) / 1000).toBeLessThanOrEqual(avg + 0.001);
    expect(report.stdout.some((line) => /✕ 5 request dropped at docker0 .*: NETFILTER_DROP at \w+/.test(line))).toBe(
      true,
    );
  });

  /** Numbers that differ from run to run. */
  const masked = (lines: readonly string[]) =>
    lines.map((line) =>
      line
        .replace(/ +[\d.]+ µs/g, ' N µs')
        .replace(/\+[\d.]+ /g, 'N ')
        .replace(/#\d+/, '#ID')
        .replace(/ {2}\d{4}-.*Z$/, ''),
    );

  test('a tree shows the way, the NAT, and where the time went', async () => {
    const companion = await trace('--tree', '-n', '1');
    await ping('-c', '1', OUTSIDE);
    await companion.waitForLine(/^seen /);
    expect(await companion.stop('SIGINT')).toBe(0);
    const [heading = '', ...lines] = masked(companion.stdout);
    expect(heading).toMatch(/^✓ ping 172\.17\.0\.2 → 198\.51\.100\.9 #ID\.001 \(.* → .*\) {2}replied in N µs$/);
    const title = '[^│├└]+';
    const expected = [
      '├─ request',
      `│  ├─ ${title}`,
      '│  │  └─ eth0 out N µs  queued → N transmitted',
      `│  ├─ ${title}`,
      '│  │  ├─ veth4b1f2a0 in N µs  received → N handled',
      '│  │  ├─ docker0 in N µs  received → N handled',
      '│  │  ├─ nat: 172.17.0.2 → 198.51.100.9 becomes 192.0.2.2 → 198.51.100.9',
      '│  │  └─ eth0 out N µs  queued → N transmitted  ttl 63',
      `│  └─ ${title}`,
      '│     └─ lan0 in N µs  received → N handled',
      '└─ reply 198.51.100.9 → 192.0.2.2',
      `   ├─ ${title}`,
      '   │  └─ lan0 out N µs  queued → N transmitted',
      `   ├─ ${title}`,
      '   │  ├─ eth0 in N µs  received → N handled',
      '   │  ├─ nat: 198.51.100.9 → 192.0.2.2 becomes 198.51.100.9 → 172.17.0.2',
      '   │  ├─ docker0 out N µs  queued → N transmitted  ttl 63',
      '   │  └─ veth4b1f2a0 out N µs  queued → N transmitted',
      `   └─ ${title}`,
      '      └─ eth0 in N µs  received → N handled',
    ];
    expect(lines.filter((line) => line !== '')).toEqual(
      expected.map((line) => (line.includes(title) ? expect.stringMatching(new RegExp(`^${line}$`)) : line)),
    );
  });

  test('an ICMP error hangs on the packet that it is about, in the tree and in JSON', async () => {
    const [tree, json] = [await trace('--tree', '-n', '1'), await trace('--json')];
    const { text } = await ping('-c', '1', '-t', '1', '-W', '1', OUTSIDE);
    expect(text).toContain('From 172.17.0.1 icmp_seq=1 Time to live exceeded');
    await Promise.all([tree.waitForLine(/^seen /), json.waitForLine(/"exchange","t"/)]);
    await Promise.all([tree.stop('SIGINT'), json.stop('SIGINT')]);
    expect(tree.stdout[0]).toMatch(/^✕ ping .* answered by an error /);
    const at = tree.stdout.findIndex((line) => line.includes('error: time to live exceeded, 172.17.0.1 → 172.17.0.2'));
    const drop = tree.stdout.findIndex((line) => line.includes('✕ dropped at docker0'));
    expect([drop > 0, at > 0, tree.stdout.slice(at).some((line) => line.includes('eth0 in '))]).toEqual([
      true,
      true,
      true,
    ]);
    const [exchange] = objectsOf(json, 'exchange');
    expect(exchange.verdict).toBe('error');
    expect(exchange.errors).toEqual([
      {
        ...{ type: 11, code: 0, text: 'time to live exceeded', from: '172.17.0.1', to: WEB, about: 'request' },
        quoted: { protocol: 'icmp', src: WEB, dst: OUTSIDE, ...exchange.icmp },
        ...{ mtu: null, verdict: 'delivered' },
      },
    ]);
    expect(exchange.drop.sentence).toMatch(/^[A-Z].*\.$/);
    expect(
      exchange.hops.map(({ kind }: { kind: string }) => kind).filter((kind: string) => kind === 'error').length,
    ).toBeGreaterThan(0);
  });

  test('UDP and TCP are lines with ports and flags, and exchanges of one packet', async () => {
    const [text, json] = await Promise.all(
      [[], ['--json']].map((flags) => trace('--filter-proto', 'udp,tcp', '--filter-port', '5353,81', ...flags)),
    );
    if (text === undefined || json === undefined) throw new Error('two were started');
    expect(text.stderr[0]).toBe('Tracing UDP and TCP (port 5353, 81) packets: Ctrl-C ends it.');
    // Nobody listens on either.
    await runIn(lab, 'web', ['bash', '-c', 'echo payload >/dev/udp/172.17.0.3/5353; : >/dev/tcp/172.17.0.3/81']);
    await expect.poll(() => objectsOf(json, 'exchange').length, { timeout: 10_000 }).toBe(3);
    await Promise.all([text.stop('SIGINT'), json.stop('SIGINT')]);

    const lines = text.stdout.map((line) => line.replace(/^\[ *\d+\] +/, '').replace(/:\d{4,5}\b(?= |$)/g, ':PORT'));
    const there = ['eth0', 'veth4b1f2a0', 'veth9c07d3e', 'eth0'];
    const back = [...there].reverse();
    const ways = (devices: readonly string[], what: string) => devices.map((device) => `${device} ${what}`);
    expect(lines.filter((line) => !line.includes('dropped') && !line.startsWith(' '))).toEqual([
      ...ways(there, '    udp 172.17.0.2:PORT -> 172.17.0.3:PORT'),
      ...ways(back, '  error 172.17.0.3 -> 172.17.0.2 port unreachable, about udp 172.17.0.2:PORT -> 172.17.0.3:PORT'),
      ...ways(there, '    tcp 172.17.0.2:PORT -> 172.17.0.3:81 [S]'),
      ...ways(back, '    tcp 172.17.0.3:81 -> 172.17.0.2:PORT [R.]'),
    ]);
    expect(lines.filter((line) => line.includes('dropped: NO_SOCKET at '))).toHaveLength(2);
    expect(lines.filter((line) => /^ {16}No program listens on (UDP port 5353|TCP port 81)\b/.test(line))).toHaveLength(
      2,
    );

    const exchanges = objectsOf(json, 'exchange').sort((a, b) => a.id - b.id);
    expect(exchanges.map(({ kind, verdict, icmp, rttNs }) => ({ kind, verdict, icmp, rttNs }))).toEqual([
      { kind: 'udp', verdict: 'error', icmp: null, rttNs: null },
      { kind: 'tcp', verdict: 'dropped', icmp: null, rttNs: null },
      { kind: 'tcp', verdict: 'delivered', icmp: null, rttNs: null },
    ]);
    const [udp, syn] = exchanges;
    expect(udp.ports.dst).toBe(5353);
    expect(udp.errors).toMatchObject([
      { type: 3, code: 3, about: 'request', quoted: { protocol: 'udp', ports: udp.ports } },
    ]);
    expect(udp.tuples).toEqual([
      expect.objectContaining({ kind: 'request', src: WEB, ports: udp.ports, ifname: 'eth0' }),
      expect.objectContaining({ kind: 'error', src: '172.17.0.3', dst: WEB, icmpId: null }),
    ]);
    expect(syn.drop).toMatchObject({ reason: 'NO_SOCKET', ifname: 'eth0' });
  });

  test('--timeout says how long an answer is waited for', async () => {
    const [short, long] = [
      await trace('--tree', '--timeout', '0.3', '-n', '1'),
      await trace('--tree', '--timeout', '60'),
    ];
    await runIn(lab, 'outside', ['sysctl', '-q', '-w', 'net.ipv4.icmp_echo_ignore_all=1']);
    await ping('-c', '1', '-W', '1', OUTSIDE);
    await runIn(lab, 'outside', ['sysctl', '-q', '-w', 'net.ipv4.icmp_echo_ignore_all=0']);
    await short.waitForLine(/^seen /);
    await long.stop('SIGINT');
    expect(short.stdout[0]).not.toContain('still under way');
    expect(long.stdout[0]).toContain('still under way');
  });

  test('an interface that is not there yet is said to be waited for', async () => {
    const [missing, present] = [await trace('-i', 'nosuch0'), await trace('-i', 'docker0')];
    await missing.waitForLine(/^there is no interface named nosuch0 yet: waiting for it$/);
    await ping('-c', '1', OUTSIDE);
    await expect.poll(() => present.stdout.length, { timeout: 5000 }).toBe(2);
    await Promise.all([missing.stop('SIGINT'), present.stop('SIGINT')]);
    expect([missing.stdout, missing.stderr.length, present.stderr.length]).toEqual([[], 3, 2]);
  });

  test('--mtr draws the table in place and gives the terminal back, by Ctrl-C as by itself', async () => {
    const enter = '\u001b[?1049h';
    const leave = '\u001b[?1049l';
    const onTerminal = (...flags: string[]) => {
      const command = [
        'stty rows 60 cols 150; exec',
        process.execPath,
        PROGRAM,
        'trace',
        '--lab',
        '--mtr',
        ...flags,
      ].join(' ');
      return spawn('script', ['-qec', command, '/dev/null'], { env: { ...UTF8, TERM: 'xterm' } });
    };
    for (const flags of [['--duration', '3'], []]) {
      const child = onTerminal(...flags);
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      const ended = once(child, 'close');
      if (flags.length === 0) {
        await expect.poll(() => text, { timeout: 15_000 }).toContain(' sent, ');
        child.stdin.write('\u0003');
      }
      const [status] = await ended;
      const [before = '', screen = '', after = '', ...more] = text.replace(leave, enter).split(enter);
      expect([status, text.indexOf(enter) < text.indexOf(leave), more]).toEqual([0, true, []]);
      expect(before).toContain('Tracing');
      expect(screen).toMatch(/ping 172\.17\.0\.2 → 172\.17\.0\.3 \(web → db\): \d+ sent/);
      // Drawn anew each second, in the same place.
      expect(screen.split('\u001b[H').length - 1).toBeGreaterThanOrEqual(flags.length === 0 ? 1 : 2);
      // What was counted stays on the terminal.
      expect(after).toMatch(
        /direction +namespace +device +way +Loss% +Snt +Last +Avg +Best +Wrst +StDev +Jttr +RTT\r\n/,
      );
      expect(after).toMatch(/seen \d+, delivered \d+, missed 0/);
    }
  });

  test('-n counts exchanges where those are printed', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [PROGRAM, 'trace', '--lab', '--tree', '--report', '-n', '3'],
      {
        encoding: 'utf8',
        timeout: 30_000,
        env: UTF8,
      },
    );
    const lines = stdout.split('\n');
    const heads = lines.filter((line) => /^[✓✕?] ping /.test(line));
    const sent = lines
      .flatMap((line) => / (\d+) sent/.exec(line)?.[1] ?? [])
      .reduce((sum, each) => sum + Number(each), 0);
    expect([status, heads.length, sent]).toEqual([0, 3, 3]);
  });
});
