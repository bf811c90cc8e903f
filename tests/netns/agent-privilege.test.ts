// Who the web server is, what it knows, and where it listens.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Companion, startCompanion } from './support/child.ts';
import { PROGRAM, startServe, statusOf } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

describeUnless(whyNotRoot())('the web server', () => {
  const started: Companion[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop('SIGKILL')));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  async function serve(env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
    const agent = await startServe(flags, { ...process.env, ...env });
    started.push(agent);
    return agent;
  }
  const ids = (pid: number) =>
    [statusOf(pid, 'Uid'), statusOf(pid, 'Gid'), statusOf(pid, 'Groups')].map((text) => text.trim());
  const four = (id: number) => Array(4).fill(id).join('\t');

  test('is nobody when root itself starts it', async () => {
    const { gatewayPid } = await serve({ SUDO_UID: undefined, SUDO_GID: undefined });
    expect(ids(gatewayPid)).toEqual([four(65534), four(65534), '']);
  });

  test('is the person behind sudo', async () => {
    const { gatewayPid } = await serve({ SUDO_UID: '1', SUDO_GID: '2' });
    expect(ids(gatewayPid)).toEqual([four(1), four(2), '']);
  });

  test.each([
    ['root', { SUDO_UID: '0', SUDO_GID: '0' }, 65534],
    ['no number', { SUDO_UID: 'root', SUDO_GID: '0' }, 65534],
    ['too large', { SUDO_UID: '4294967296', SUDO_GID: '1' }, 65534],
    ["a user with root's group", { SUDO_UID: '1', SUDO_GID: '0' }, 1],
  ])('is never root, whatever sudo is said to have been: %s', async (_what, env, uid) => {
    const { gatewayPid } = await serve(env);
    expect(ids(gatewayPid)).toEqual([four(uid), four(65534), '']);
  });

  test('knows nothing of the environment but how to write to a terminal, and has io_uring off', async () => {
    const { gatewayPid } = await serve({ NODE_OPTIONS: '--no-deprecation', SECRET_TOKEN: 'hunter2', TERM: 'xterm' });
    const environment = readFileSync(`/proc/${gatewayPid}/environ`, 'latin1');
    expect(environment).toContain('UV_USE_IO_URING=0');
    expect(environment).toContain('TERM=xterm');
    expect(environment).not.toMatch(/NODE_OPTIONS|hunter2/);
  });

  test('opens no debugger, whoever asks for it', async () => {
    const { gatewayPid, pid, stderr } = await serve();
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'kill', '-USR1', String(gatewayPid)];
    execFileSync('setpriv', asNobody);
    process.kill(pid, 'SIGUSR1');
    const listening = () =>
      execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes(`pid=${gatewayPid},`) || line.includes(`pid=${pid},`));
    // Node would say on stderr that its debugger listens.
    await fetch(`http://127.0.0.1:${/:(\d+) /.exec(listening()[0] ?? '')?.[1]}/`);
    expect(stderr).toEqual([]);
    expect(listening()).toHaveLength(2);
  });

  test('listens on the two loopback addresses and nowhere else', async () => {
    const { port } = await serve();
    const sockets = execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const addresses = sockets.map((line) => line.split(/\s+/)[3]).sort();
    expect(addresses).toEqual([`127.0.0.1:${port}`, `[::1]:${port}`].sort());
  });

  test.each([
    ['::1', '[::1]'],
    ['127.0.0.2', '127.0.0.2'],
  ])('--host %s: there alone', async (host, shown) => {
    const agent = await serve({}, ['--host', host]);
    expect(agent.stdout).toEqual([`Hopscope is listening on http://${shown}:${agent.port}`]);
    const sockets = execFileSync('ss', ['-Hltn', `sport = :${agent.port}`], { encoding: 'utf8' }).trim();
    expect(sockets.split(/\s+/)[3]).toBe(`${shown}:${agent.port}`);
    const code = execFileSync(
      'curl',
      ['-s', '-o', '/dev/null', '-w', '%{http_code}', `http://${shown}:${agent.port}/`],
      { encoding: 'utf8' },
    );
    expect(code).toBe('200');
  });

  test('works where there is no IPv6', async () => {
    const script = 'ip link set lo up && sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 && exec "$@"';
    const agent = startCompanion([
      'unshare',
      '--net',
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      PROGRAM,
      '--port',
      '0',
    ]);
    started.push(agent);
    await agent.waitForLine(/listening on http:\/\/localhost:\d+$/);
    expect(await agent.stop('SIGINT')).toBe(0);
    expect(agent.stderr).toEqual([expect.stringMatching(/^seen \d+, delivered/)]);
  });

  test('--open opens the page as the person behind sudo; without a desktop it says so and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hopscope-open-'));
    folders.push(folder);
    chmodSync(folder, 0o777);
    const said = join(folder, 'said');
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\necho "$(id -u) $1" > ${said}.new && mv ${said}.new ${said}\n`, {
      mode: 0o755,
    });
    const agent = await serve({ SUDO_UID: '1', SUDO_GID: '1', PATH: `${folder}${delimiter}${process.env.PATH}` }, [
      '--open',
    ]);
    await expect.poll(() => existsSync(said)).toBe(true);
    expect(readFileSync(said, 'utf8')).toBe(`1 http://localhost:${agent.port}\n`);

    rmSync(join(folder, 'xdg-open'));
    const poor = startCompanion(['env', `PATH=${folder}`, process.execPath, PROGRAM, '--port', '0', '--open']);
    started.push(poor);
    expect(await poor.waitForLine(/browser/)).toMatch(
      /^hopscope: the browser was not opened \(xdg-open is not installed\): open http:\/\/localhost:\d+ yourself$/,
    );
    expect(await poor.stop('SIGINT')).toBe(0);
  });

  test('Ctrl-C while a lab is being built, and while it runs, is a clean end', async () => {
    const early = startCompanion(['setsid', process.execPath, PROGRAM, '--lab', '--port', '0']);
    started.push(early);
    // The web server is the first child, what builds the lab the second.
    const children = () => execFileSync('ps', ['--no-headers', '--ppid', String(early.pid)], { encoding: 'utf8' });
    const isBuilding = () => children().trim().split('\n').length > 1;
    await expect.poll(isBuilding, { timeout: 10_000, interval: 5 }).toBe(true);
    process.kill(-early.pid, 'SIGINT');
    expect([await early.stop('SIGINT'), early.stderr]).toEqual([0, []]);

    const late = startCompanion(['setsid', process.execPath, PROGRAM, '--lab', '--port', '0']);
    started.push(late);
    await late.waitForLine(/listening/);
    process.kill(-late.pid, 'SIGINT');
    expect([await late.stop('SIGINT'), late.stderr]).toEqual([0, [expect.stringMatching(/^seen \d+, delivered/)]]);
  });
});
