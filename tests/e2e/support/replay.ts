// A recording of recordings/, played by `hopscope replay` as a user would play it.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import type { ServerFrame } from '../../../packages/protocol/src/index.ts';
import { type Companion, startCompanion } from '../../netns/support/child.ts';
import { expect } from './test.ts';

const PROGRAM = join(import.meta.dirname, '../../../apps/agent/bin/hopscope.mjs');
const RECORDINGS = join(import.meta.dirname, '../../../recordings');

export interface Replay {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** @param name of the file, without its ending */
export async function startReplay(name: string, ...flags: string[]): Promise<Replay> {
  const file = join(RECORDINGS, `${name}.hops`);
  const argv = [process.execPath, PROGRAM, 'replay', file, ...flags, '--port', '0'];
  const replay: Companion = startCompanion(argv, {}, 'TERM');
  const line = await replay.waitForLine(/on http:\/\/\S+:\d+$/);
  return { url: /http:\S+$/.exec(line)?.[0] ?? '', stop: () => replay.stop('SIGTERM') };
}

/** The exchanges of mixed.hops, two of which were dropped. */
const MIXED = 12;

/** Everything of mixed.hops is there, nothing flies any more, no drop is marked, and the page is paused, at ×50,000. */
export async function openMixed(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  // As fast as it goes: nobody wants to wait for the packets.
  for (let i = 0; i < 16; i++) await page.keyboard.press('[');
  await expect(page.getByText(`${MIXED} exchanges`).first()).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight), { timeout: 20_000 }).toBe(0);
  // Marks of drops fade, and how many one counts hangs on when the page got to see them.
  await expect(page.locator('g.drop')).toHaveCount(0, { timeout: 20_000 });
  await page.keyboard.press('Space');
  await expect(page.getByRole('status').filter({ hasText: 'paused' })).toBeVisible();
  for (let i = 0; i < 14; i++) await page.keyboard.press(']');
  await expect(page.getByText('×50,000 slower')).toBeAttached();
}

/** From now on the page takes what is played for a live capture: it comes as it is played, and looking back is into what came. */
export async function playAsLive(page: Page, change = (frame: ServerFrame): ServerFrame => frame): Promise<void> {
  await page.routeWebSocket('**/ws', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (typeof message !== 'string') return socket.send(message);
      const frame = JSON.parse(message) as ServerFrame;
      socket.send(JSON.stringify(frame.type === 'hello' ? { ...frame, recording: undefined } : change(frame)));
    });
  });
}
