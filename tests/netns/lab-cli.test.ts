// `hopscope lab` as a user runs it. Every command runs in a pid namespace of this test's own, so that `lab down` finds no other labs.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AS_NOBODY } from './support/as-nobody.ts';
import { type Companion, startCompanion } from './support/child.ts';
import { type Finished, openPage, PROGRAM, runHopscope, startServe } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const UDP = 17;

/** nsenter and unshare have one child, which does the work, and pass no signal on. */
const childOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();

describeUnless(whyNotRoot())('hopscope lab', () => {
  let arena: Companion;
  let first = '';

  beforeEach(async () => {
    const shell = ['sh', '-c', 'echo ready; exec sleep infinity'];
    arena = startCompanion(['unshare', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', ...shell]);
    await arena.waitForLine(/^ready$/);
    first = childOf(arena.pid);
  });
  afterEach(() => arena.stop('SIGKILL'));

  const inArena = (...argv: string[]) => ['nsenter', `--target=${first}`, '--pid', '--mount', '--', ...argv];
  const hopscope = (...words: string[]) => inArena(process.execPath, PROGRAM, ...words);

  function run(argv: readonly string[]): Promise<Finished> {
    const [program = '', ...args] = argv;
    return new Promise((resolve) => {
      execFile(program, args, { timeout: 30_000 }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  async function up(...flags: string[]): Promise<Companion> {
    const lab = startCompanion(hopscope('lab', 'up', ...flags));
    await lab.waitForLine(/^ {2}nsenter .*(ping|bash)/);
    return lab;
  }

  /** Waits for its end and answers its status: the signal is one that nothing minds. */
  const ended = (lab: Companion) => lab.stop('SIGCONT');

  /** The command that was printed for a namespace, as its words. */
  function entry(lines: readonly string[], namespace: string): string[] {
    const line = lines.find((each) => each.startsWith(`  ${namespace} `)) ?? '';
    return line.slice(line.indexOf('nsenter')).split(' ');
  }

  /** What runs in the arena besides its own sleeper and the ps that looks. */
  async function processes(): Promise<string[]> {
    const { stdout } = await run(inArena('ps', '-e', '-o', 'stat=,args='));
    return stdout.split('\n').filter((line) => line !== '' && !/^Z|sleep infinity$| ps -e /.test(line));
  }

  test('up: what it prints leads into the namespaces, and Ctrl-C leaves nothing', async () => {
    const lab = await up();
    for (const namespace of ['host', 'web', 'db', 'outside']) {
      const { stdout } = await run(inArena(...entry(lab.stdout, namespace), 'ip', '-br', 'address'));
      expect(stdout).toContain({ host: 'docker0', outside: 'lan0' }[namespace] ?? 'eth0');
    }
    const example = lab.stdout.find((line) => line.includes('ping')) ?? '';
    const pinged = await run(inArena('sh', '-c', example.replace('ping ', 'ping -c 1 -W 2 ')));
    expect(pinged.stdout).toContain('1 received');
    process.kill(Number(childOf(lab.pid)), 'SIGINT');
    expect(await ended(lab)).toBe(0);
    await expect.poll(processes).toEqual([]);
  });

  test('down: takes down what is up, says so, and is content when there is nothing', async () => {
    const lab = await up();
    const { status, stdout } = await run(hopscope('lab', 'down'));
    expect(stdout).toMatch(/^Took down the lab of process \d+ \(.* lab up\): host, web, db, outside\n$/);
    expect(status).toBe(0);
    await lab.waitForLine(/taken down by somebody else/);
    await expect.poll(processes).toEqual([]);
    expect(await run(hopscope('lab', 'down'))).toEqual({ status: 0, stdout: 'No lab is up.\n', stderr: '' });
  });

  test('down: ends the lab of a starter that hangs, and two labs at once', async () => {
    const [hanging, other] = [await up(), await up()];
    process.kill(Number(childOf(hanging.pid)), 'SIGSTOP');
    const { status, stdout } = await run(hopscope('lab', 'down'));
    expect([status, stdout.match(/Took down/g)?.length]).toEqual([0, 2]);
    expect(await ended(other)).toBe(0);
    expect((await run(hopscope('lab', 'down'))).stdout).toBe('No lab is up.\n');
  });

  test('down: names a process of somebody else that keeps a namespace', async () => {
    const lab = await up();
    const pid = entry(lab.stdout, 'web')[2] ?? '';
    const guest = startCompanion(inArena('nsenter', '--target', pid, '--net', 'sh', '-c', 'echo in; exec sleep 1000'));
    await guest.waitForLine(/^in$/);
    const { status, stderr } = await run(hopscope('lab', 'down'));
    expect([status, stderr]).toEqual([1, expect.stringMatching(/keep them: end \d+ \(sleep 1000\)$/m)]);
  });

  test('up --detach: goes on in the background until lab down', async () => {
    const started = await run(hopscope('lab', 'up', '--detach'));
    expect([started.status, started.stderr]).toEqual([0, '']);
    expect(started.stdout).toContain('`hopscope lab down` takes it down');
    const { stdout } = await run(inArena(...entry(started.stdout.split('\n'), 'web'), 'ip', '-br', 'address'));
    expect(stdout).toContain('172.17.0.2/16');
    expect((await run(hopscope('lab', 'down'))).stdout).toContain('Took down the lab of process');
    await expect.poll(processes).toEqual([]);
  });

  test('up --fault: the fault is there, and traffic that meets it', async () => {
    const lab = await up('--fault', 'forward-drop');
    expect(lab.stdout.join('\n')).toContain('an iptables rule in FORWARD of the host drops what web sends outside');
    const counters = async () =>
      (await run(inArena(...entry(lab.stdout, 'host'), 'iptables', '-vnxL', 'FORWARD'))).stdout;
    await expect.poll(counters, { timeout: 10_000 }).toMatch(/^ +[1-9]\d* .* DROP .* 172\.17\.0\.2 +198\.51\.100\.9/m);
  });

  test.each([
    ['echo-ignore', 'db is set not to answer pings', { 'sysctl.name': 'net.ipv4.icmp_echo_ignore_all' }],
    ['no-route', 'the host has lost its default route', { 'route.error': 'ENETUNREACH' }],
    ['socket-full', 'the program on the UDP port of db does not read, and its buffer is full', null],
  ])('serve --lab --fault %s: the page is told what is wrong, and what it does', async (name, summary, facts) => {
    const agent = await startServe(['--lab', '--fault', name]);
    try {
      const page = await openPage(agent.port);
      const texts = () => page.frames.flatMap((frame) => (frame.type === 'notice' ? frame.text : []));
      await expect.poll(texts, { timeout: 5000 }).toEqual([expect.stringContaining(summary)]);
      const found = () => page.frames.flatMap((frame) => (frame.type === 'evidence' ? frame.facts : []));
      const isUdp = () => page.hops.some((hop) => hop.headers[(hop.l3Offset ?? 0) + 9] === UDP);
      if (facts === null) await expect.poll(isUdp, { timeout: 10_000 }).toBe(true);
      else await expect.poll(found, { timeout: 10_000 }).toContainEqual(expect.objectContaining(facts));
    } finally {
      await agent.stop('SIGINT');
    }
  });

  test('nobody but root can', () => {
    for (const word of ['up', 'down']) {
      const { status, stderr } = runHopscope(['lab', word], AS_NOBODY);
      expect([status, stderr]).toEqual([4, expect.stringMatching(/^hopscope: .* root: run it with sudo\n$/)]);
    }
  });

  test('a lab whose starter was killed with -9 is gone by itself', async () => {
    const lab = await up();
    process.kill(Number(childOf(lab.pid)), 'SIGKILL');
    await expect.poll(processes).toEqual([]);
    expect((await run(hopscope('lab', 'down'))).stdout).toBe('No lab is up.\n');
  });
});
