// Two containers that send each other single packets, for tests of looking back; and where things stand on the timeline.
import { once } from 'node:events';
import { type Lab, startLab } from '@hopscope/lab';
import type { Locator, Page } from '@playwright/test';
import { type Agent, startAgent } from './agent.ts';
import { expect } from './test.ts';

/** Nothing else on a machine sends there. */
export const PORTS = [47_901, 47_902] as const;
export const [LEFT, RIGHT] = ['timeleft', 'timeright'] as const;

let lab: Lab | undefined;

/** It follows what is sent to PORTS, and nothing else. */
export const startTimeAgent = (): Promise<Agent> =>
  startAgent({ argv: ['--filter-proto', 'udp', '--filter-port', PORTS.join(',')] });

export async function stopContainers(): Promise<void> {
  await lab?.stop();
  lab = undefined;
}

export const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Moment shown' });
export const status = (page: Page): Locator => page.getByRole('status').filter({ hasText: /live|paused|looking back/ });
export const list = (page: Page): Locator => page.getByRole('list', { name: /^Recent exchanges/ });
export const row = (page: Page, port: number): Locator =>
  list(page).getByRole('button', { name: new RegExp(`→ ${port}\\b`) });

/** From one container to the other, where nobody listens: it is dropped there. Answers when the page shows it. */
export async function send(page: Page, port: number): Promise<void> {
  lab ??= await startLab({
    namespaces: [LEFT, RIGHT].map((name, i) => ({ name, addresses: { eth0: [`10.79.0.${i + 1}/24`] } })),
    wires: [{ a: `${LEFT}/eth0`, b: `${RIGHT}/eth0` }],
  });
  const sender = lab.run(LEFT, ['bash', '-c', `echo > /dev/udp/10.79.0.2/${port}`], { stdio: 'ignore' });
  await once(sender, 'exit');
  await expect(row(page, port)).toBeVisible();
}

/** Until the page's clock is so much further. */
export async function pass(ms: number): Promise<number> {
  const startMs = Date.now();
  await expect.poll(() => Date.now() - startMs, { intervals: [100], timeout: 20_000 }).toBeGreaterThan(ms);
  return startMs;
}

/** Points of the chart: from 0, its left edge, to 1, now. */
export async function pointAt(page: Page, part: number): Promise<{ x: number; y: number }> {
  const box = await slider(page).boundingBox();
  if (box === null) throw new Error('the timeline is not to be seen');
  return { x: box.x + part * (box.width - 14), y: box.y + 20 };
}
