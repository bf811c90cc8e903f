// What the command line says when something is wrong: one line, the right exit code, nothing left behind.
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AS_NOBODY } from './support/as-nobody.ts';
import { runHopscope } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

/** One line, from us, and no stack trace. */
const ONE_LINE = /^hopscope: [^\n]+\n$/;

/** The kernel's type description disappears for this program alone. */
const WITHOUT_BTF = [
  'unshare',
  '--mount',
  '--propagation=private',
  'sh',
  '-c',
  'mount -t tmpfs none /sys/kernel/btf && exec "$@"',
  'sh',
];

describe('what can be said without a privilege', () => {
  test.each([
    [['--help'], /Usage: hopscope/],
    [['help'], /Usage: hopscope/],
    [['trace', '--help'], /Usage: hopscope trace/],
    [['--version'], /^hopscope \d+\.\d+\.\d+\nkernel \d\S+\nlibbpf \d+\.\d+\n$/],
  ])('hopscope %j', (flags, expected) => {
    expect(runHopscope(flags)).toEqual({ status: 0, stdout: expect.stringMatching(expected), stderr: '' });
  });

  test.each([
    [['serv'], /unknown command "serv" \(did you mean serve\?\)/],
    [['--prot', '7071'], /unknown flag --prot \(did you mean --port\?\)/],
    [['--port', 'x'], /--port: "x" is not a port: 0 to 65535/],
    [['serve', '--host', '0.0.0.0'], /not a loopback address/],
    [['trace', '-n'], /-n needs a value/],
  ])('hopscope %j is a usage error', (flags, expected) => {
    const { status, stdout, stderr } = runHopscope(flags);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(expected);
  });
});

describeUnless(whyNotRoot())('what the machine refuses', () => {
  test.each([['serve'], ['trace']])('%s without privilege: 4, and how to get it', (command) => {
    const { status, stdout, stderr } = runHopscope([command], AS_NOBODY);
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/CAP_BPF and CAP_PERFMON.*sudo/);
  });

  test.each([
    ['standard error that nobody reads', 'exec 2> >(exec true); sleep 0.2; "$@"', 0, /^$/],
    ['a full disk', '"$@" >/dev/full', 1, /^hopscope: the output cannot be written: .*ENOSPC[^\n]*\n$/],
    ['no room for another open file', 'ulimit -n 20; "$@"', 1, /^hopscope: .*too many open files[^\n]*\n$/],
  ])('%s', (_what, script, expected, complaint) => {
    const { status, stderr } = runHopscope(['trace', '--lab', '--duration', '3'], ['bash', '-c', script, 'bash']);
    expect([status, stderr.replace(/^(Tracing|seen ).*\n/gm, '')]).toEqual([
      expected,
      expect.stringMatching(complaint),
    ]);
  });

  test('root without the capabilities: 4, and not "use sudo"', () => {
    const { status, stderr } = runHopscope(['trace'], ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--']);
    expect(status).toBe(4);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/CAP_BPF and CAP_PERFMON.*container/);
  });

  test.each([['serve'], ['trace']])('%s without BTF: 3, and which file is missing', (command) => {
    const { status, stdout, stderr } = runHopscope([command], WITHOUT_BTF);
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/BTF/);
  });

  test.each([
    ['no-such-namespace', /no namespace or container has this name/],
    ['/proc/self/ns/mnt', /not a network namespace/],
    ['/proc/self/status', /not a network namespace|EINVAL/],
    ['/nowhere', /ENOENT/],
    ['99999999999', /not an inode number/],
  ])('--filter-netns %s: 2', (spec, expected) => {
    const { status, stderr } = runHopscope(['trace', '--filter-netns', spec]);
    expect(status).toBe(2);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(expected);
  });

  test('HOPSCOPE_DEBUG=1 adds the stack', () => {
    const { stderr } = runHopscope(['--xyzzy'], [], { ...process.env, HOPSCOPE_DEBUG: '1' });
    expect(stderr).toMatch(/^hopscope: unknown flag --xyzzy[^\n]*\n[\s\S]*\n\s+at /);
  });
});

describeUnless(whyNotRoot())('a port that is taken', () => {
  const taken: Server[] = [];
  let port = 0;
  let port6 = 0;

  beforeAll(async () => {
    port = await occupy('127.0.0.1');
    port6 = await occupy('::1');
  });
  afterAll(() => {
    for (const server of taken) server.close();
  });

  function occupy(host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      taken.push(server);
      server.once('error', reject);
      server.listen({ host, port: 0 }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  // The test's own event loop stands still meanwhile: the port is taken, but nobody answers.
  test.each([
    ['127.0.0.1', () => port],
    ['::1', () => port6],
  ])('on %s: 5, which port, and how to choose another', (_host, taken) => {
    const { status, stdout, stderr } = runHopscope(['--port', String(taken())]);
    expect([status, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`port ${taken()} is in use`);
    expect(stderr).toContain('--port ');
  });

  test('a port that needs a privilege: 4', () => {
    const { status, stderr } = runHopscope(['--port', '1']);
    expect([status, stderr]).toEqual([4, expect.stringMatching(ONE_LINE)]);
    expect(stderr).toMatch(/port 1 needs a privilege/);
  });
});

describeUnless(whyNotRoot())('doctor', () => {
  interface Check {
    readonly name: string;
    readonly state: string;
    readonly why: string;
    readonly mend: string;
  }
  const checks = (wrapper: readonly string[] = []) => {
    const { status, stdout } = runHopscope(['doctor', '--json'], wrapper);
    const report: { exitCode: number; ok: boolean; checks: Check[] } = JSON.parse(stdout);
    return { status, report, off: report.checks.filter(({ state }) => state === 'off') };
  };

  test('where capture works: 0, with every program and the ring on', () => {
    const { status, report, off } = checks();
    expect([status, report.ok, report.exitCode]).toEqual([0, true, 0]);
    const names = report.checks.map(({ name }) => name);
    for (const name of [
      'btf',
      'tp_btf',
      'ring-buffer',
      'netif_rx',
      'kfree_skb',
      'CAP_BPF',
      'no-lockdown',
      'memlock',
      'docker-socket',
      'node',
      'ip',
    ]) {
      expect(names).toContain(name);
    }
    expect(off.filter(({ why }) => why === '')).toEqual([]);
  });

  test('without privilege: 4, and every missing capability with its use', () => {
    const { status, off } = checks(AS_NOBODY);
    expect(status).toBe(4);
    expect(off.map(({ name }) => name)).toEqual(expect.arrayContaining(['root', 'CAP_BPF', 'CAP_PERFMON']));
    for (const { name, why, mend } of off) expect([name, why !== '' || mend !== '']).toEqual([name, true]);
  });

  test('without BTF: 3, and what a kernel needs', () => {
    const { status, off } = checks(WITHOUT_BTF);
    expect(status).toBe(3);
    expect(off.find(({ name }) => name === 'btf')?.mend).toMatch(/CONFIG_DEBUG_INFO_BTF/);
  });

  test('for a person: one line for each check, with the remedy below', () => {
    const { stdout } = runHopscope(['doctor'], AS_NOBODY);
    expect(stdout).toMatch(/^on {3}kernel /m);
    expect(stdout).toMatch(/^off {2}CAP_BPF .*\n\s+mend: /m);
    expect(stdout).toMatch(/can not be captured here/);
  });
});
