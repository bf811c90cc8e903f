// What a namespace is called and who says so, with a real Docker: running, renamed, late, hung; and without any.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyChanges } from '@hopscope/model';
import type { Namespace, Topology } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DockerEngine, startDocker, whyNoDocker } from './support/docker.ts';
import { openPage, type Page, runHopscope, type Serving, startServe } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

/** The topology that a page has by now. */
function topologyOf({ frames }: Page): Topology {
  let topology: Topology = { namespaces: [] };
  let version = 0;
  for (const frame of frames) {
    if (frame.type === 'topology') topology = frame.topology;
    else if (frame.type === 'topology-patch') topology = applyChanges(topology, frame.changes);
    else continue;
    // Numbered without a gap.
    expect(frame.version).toBe(version === 0 ? frame.version : version + 1);
    version = frame.version;
  }
  return topology;
}

function titleOf(page: Page, inum: number): Namespace['names'][number] | undefined {
  return topologyOf(page).namespaces.find((namespace) => namespace.inum === inum)?.names[0];
}

const SEEN_WITHIN = { timeout: 2000, interval: 20 };

describe('names', () => {
  const agents: Serving[] = [];
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.stop('SIGINT')));
  });

  async function watch(env = process.env): Promise<Page> {
    const agent = await startServe([], env);
    agents.push(agent);
    const page = await openPage(agent.port, { keep: false });
    await expect.poll(() => page.frames.some(({ type }) => type === 'topology')).toBe(true);
    return page;
  }

  describeUnless(whyNotRoot())('without a container engine', () => {
    test('the host is called by its name, a namespace by `ip netns` or by its process', async () => {
      const evil = '<img src=x onerror=alert(1)>';
      ip('netns', 'add', evil);
      const process_ = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' });
      try {
        const page = await watch();
        const named = (text: string) => topologyOf(page).namespaces.filter(({ names }) => names[0]?.text === text);
        expect(topologyOf(page).namespaces[0]).toMatchObject({ host: true, names: [{ source: 'own' }] });
        expect(named(evil)).toMatchObject([{ host: false, names: [{ source: 'netns' }] }]);
        // At first it may still be called `unshare`.
        await expect
          .poll(() => titleOf(page, inumOf(process_.pid ?? 0)), { timeout: 5000 })
          .toMatchObject({ text: 'sleep', source: 'process' });
      } finally {
        process_.kill();
        ip('netns', 'delete', evil);
      }
    });

    test('a namespace that goes while packets flow in it is gone from the map, and all is well', async () => {
      const name = `hopscope-gone-${process.pid}`;
      const page = await watch();
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
      const named = () => topologyOf(page).namespaces.filter(({ names }) => names[0]?.text === name).length;
      await expect.poll(named, SEEN_WITHIN).toBe(1);
      const flood = spawn('ip', ['netns', 'exec', name, 'ping', '-q', '-f', '-c', '200000', '127.0.0.1'], {
        stdio: 'ignore',
      });
      await expect.poll(() => page.hopCount).toBeGreaterThan(1000);
      ip('netns', 'delete', name);
      flood.kill('SIGKILL');
      await expect.poll(named, SEEN_WITHIN).toBe(0);
      execFileSync('ping', ['-q', '-c', '1', '127.0.0.1']);
      await expect.poll(() => page.ledger()?.pending).toBe(0);
    });
  });

  describeUnless(whyNotRoot(), whyNoDocker())('with Docker', () => {
    let docker: DockerEngine;
    let env: NodeJS.ProcessEnv;
    beforeAll(async () => {
      docker = await startDocker();
      env = { ...process.env, DOCKER_HOST: `unix://${docker.socket}` };
    });
    afterAll(() => docker.stop());

    const cli = (...args: string[]) =>
      execFileSync('docker', ['--host', `unix://${docker.socket}`, ...args], { encoding: 'utf8' });
    const daemon = (signal: NodeJS.Signals) =>
      process.kill(Number(readFileSync(join(dirname(docker.socket), 'pid'), 'utf8')), signal);

    test('a container that runs already, starts, is renamed, goes', async () => {
      const early = await docker.run('early', ['--label', 'com.docker.compose.project=shop']);
      const page = await watch(env);
      const docker_ = { source: 'docker', image: 'hopscope-test:latest' };
      expect(titleOf(page, early.inum)).toEqual({ ...docker_, text: 'early', project: 'shop' });

      const late = await docker.run('late');
      await expect.poll(() => titleOf(page, late.inum), SEEN_WITHIN).toEqual({ ...docker_, text: 'late', project: '' });
      cli('rename', 'late', 'later');
      await expect.poll(() => titleOf(page, late.inum)?.text, SEEN_WITHIN).toBe('later');
      await docker.remove('later');
      await expect.poll(() => titleOf(page, late.inum), SEEN_WITHIN).toBeUndefined();

      const eth0 = topologyOf(page)
        .namespaces.find(({ inum }) => inum === early.inum)
        ?.links.find(({ name }) => name === 'eth0');
      const host = topologyOf(page).namespaces[0];
      const veth = host?.links.find(({ name }) => name === early.hostVeth);
      expect(eth0?.peer).toEqual({ netns: host?.id, ifindex: veth?.ifindex });
      await docker.remove('early');
    });

    test('two containers in one namespace: the one that made it comes first', async () => {
      const web = await docker.run('web');
      cli('run', '--detach', '--name', 'aside', '--network', 'container:web', 'hopscope-test:latest', 'sleep', '1000');
      const page = await watch(env);
      const names = topologyOf(page).namespaces.find(({ inum }) => inum === web.inum)?.names;
      expect(names?.slice(0, 2).map(({ text }) => text)).toEqual(['web', 'aside']);
      await docker.remove('aside');
      await docker.remove('web');
    });

    test('a container on the host network does not give the host its name', async () => {
      cli('run', '--detach', '--name', 'guest', '--network', 'host', 'hopscope-test:latest', 'sleep', '1000');
      const page = await watch(env);
      expect(topologyOf(page).namespaces[0]).toMatchObject({ host: true, names: [{ source: 'own' }] });
      await docker.remove('guest');
    });

    test('Docker hangs: the page comes as fast as ever, the name from its files', async () => {
      const web = await docker.run('web', ['--label', 'com.docker.compose.project=shop']);
      daemon('SIGSTOP');
      try {
        const page = await watch({ ...process.env, DOCKER_HOST: '' });
        await expect
          .poll(() => titleOf(page, web.inum), SEEN_WITHIN)
          .toMatchObject({ text: 'web', source: 'docker', project: 'shop' });
      } finally {
        daemon('SIGCONT');
      }
      await docker.remove('web');
    });

    test('Docker starts to answer later: names follow with the next container', async () => {
      daemon('SIGSTOP');
      let page: Page;
      try {
        page = await watch(env);
      } finally {
        daemon('SIGCONT');
      }
      const web = await docker.run('web');
      await expect
        .poll(() => titleOf(page, web.inum), { timeout: 5000 })
        .toMatchObject({ text: 'web', source: 'docker' });
      cli('rename', 'web', 'shop');
      await expect.poll(() => titleOf(page, web.inum)?.text, { timeout: 5000 }).toBe('shop');
      await docker.remove('shop');
    });

    test('--filter-netns takes a container by name', async () => {
      const web = await docker.run('web');
      const pinging = spawn('ping', ['-q', web.ipv4], { stdio: 'ignore' });
      const { status, stdout } = runHopscope(['trace', '--filter-netns', 'web', '--json', '-n', '2'], [], env);
      pinging.kill();
      const hops = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ type }) => type === 'hop');
      expect([status, hops.map(({ netns, netnsName }) => [netns, netnsName])]).toEqual([
        0,
        [
          [web.inum, 'web'],
          [web.inum, 'web'],
        ],
      ]);
      await docker.remove('web');
    });
  });
});

function inumOf(pid: number): number {
  return Number(/\d+/.exec(execFileSync('readlink', [`/proc/${pid}/ns/net`], { encoding: 'utf8' }))?.[0]);
}
