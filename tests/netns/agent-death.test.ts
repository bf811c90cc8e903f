// One of the two processes dies, or is told to end: the other ends too, says why, and the kernel keeps nothing of ours.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Companion } from './support/child.ts';
import { startCompanion } from './support/child.ts';
import { openPage, PROGRAM, programIdsOf, programsLeft, type Serving, startServe } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const LEDGER = /^seen \d+, delivered \d+, missed \d+/;

// Of a killed capture the kernel first takes down the programs, one grace period after the other: up to two seconds by itself.
const ENDS_WITHIN_MS = 5000;

describeUnless(whyNotRoot())('the end of either process is the end of both', () => {
  const started: Companion[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop('SIGKILL')));
  });

  async function serve(): Promise<Serving & { readonly programs: number[] }> {
    const agent = await startServe();
    started.push(agent);
    const programs = programIdsOf(agent.pid);
    expect(programs.length).toBeGreaterThan(0);
    expect(programsLeft(programs)).toEqual(programs);
    return { ...agent, programs };
  }

  async function expectGone(agent: Serving, programs: readonly number[], since: number): Promise<void> {
    await expect.poll(() => existsSync(`/proc/${agent.gatewayPid}`), { timeout: ENDS_WITHIN_MS }).toBe(false);
    await expect.poll(() => existsSync(`/proc/${agent.pid}`), { timeout: ENDS_WITHIN_MS }).toBe(false);
    expect(Date.now() - since).toBeLessThan(ENDS_WITHIN_MS);
    // The kernel frees a program a moment after its last descriptor.
    await expect.poll(() => programsLeft(programs), { timeout: ENDS_WITHIN_MS }).toEqual([]);
  }

  test('SIGKILL of the web server: the capture ends with 1 and says so', async () => {
    const agent = await serve();
    const since = Date.now();
    process.kill(agent.gatewayPid, 'SIGKILL');
    await agent.waitForLine(/the web server process was killed \(SIGKILL\)/);
    await expectGone(agent, agent.programs, since);
    expect(await agent.stop('SIGTERM')).toBe(1);
    expect(agent.stderr).toHaveLength(1);
  });

  test('SIGKILL of the capture: the web server tells its pages and ends', async () => {
    const agent = await serve();
    const page = await openPage(agent.port);
    await expect.poll(() => page.frames.length).toBeGreaterThanOrEqual(2);
    const since = Date.now();
    process.kill(agent.pid, 'SIGKILL');
    await agent.waitForLine(/the capture process ended unexpectedly/);
    await expectGone(agent, agent.programs, since);
    expect(await page.closed).toEqual({ code: 1011, reason: expect.stringContaining('ended unexpectedly') });
    expect(agent.stderr).toHaveLength(1);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s: both end with 0, the pages get a last ledger',
    async (signal) => {
      const agent = await serve();
      const page = await openPage(agent.port);
      await expect.poll(() => page.frames.length).toBeGreaterThanOrEqual(2);
      const since = Date.now();
      expect(await agent.stop(signal)).toBe(0);
      await expectGone(agent, agent.programs, since);
      expect(await page.closed).toEqual({ code: 1001, reason: 'hopscope has ended' });
      expect(page.ledger()).toMatchObject({ final: true, pending: 0 });
      expect(agent.stderr).toEqual([expect.stringMatching(LEDGER)]);
    },
  );

  test('SIGTERM of the web server alone is a clean end, too', async () => {
    const agent = await serve();
    const since = Date.now();
    process.kill(agent.gatewayPid, 'SIGTERM');
    await expectGone(agent, agent.programs, since);
    expect(await agent.stop('SIGTERM')).toBe(0);
  });

  test('Ctrl-C reaches both at once', async () => {
    const agent = startCompanion(['setsid', process.execPath, PROGRAM, '--port', '0']);
    started.push(agent);
    await agent.waitForLine(/listening/);
    const programs = programIdsOf(agent.pid);
    process.kill(-agent.pid, 'SIGINT');
    expect(await agent.stop('SIGINT')).toBe(0);
    expect(agent.stderr).toEqual([expect.stringMatching(LEDGER)]);
    await expect.poll(() => programsLeft(programs)).toEqual([]);
  });

  test('SIGKILL of trace: the printer says so and ends', async () => {
    const trace = startCompanion([process.execPath, PROGRAM, 'trace']);
    started.push(trace);
    await trace.waitForLine(/Tracing/);
    const programs = programIdsOf(trace.pid);
    process.kill(trace.pid, 'SIGKILL');
    await trace.waitForLine(/the capture process ended unexpectedly/);
    await trace.stop('SIGKILL');
    await expect.poll(() => programsLeft(programs)).toEqual([]);
  });

  test('a second start on the same port works at once', async () => {
    const agent = await serve();
    process.kill(agent.pid, 'SIGKILL');
    await agent.stop('SIGKILL');
    const again = await startServe();
    started.push(again);
    expect(
      execFileSync('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `http://127.0.0.1:${again.port}/`], {
        encoding: 'utf8',
      }),
    ).toBe('200');
  });
});
