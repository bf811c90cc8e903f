// The timeline by wheel and keys, an exchange hop by hop, and what reduced motion leaves.
import type { Page } from '@playwright/test';
import type { Agent } from './support/agent.ts';
import { expect, test } from './support/test.ts';
import {
  LEFT,
  PORTS,
  pass,
  pointAt,
  RIGHT,
  row,
  send,
  slider,
  startTimeAgent,
  status,
  stopContainers,
} from './support/time.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startTimeAgent();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(status(page)).toContainText('live');
});

test.afterEach(stopContainers);

test.afterAll(async () => {
  await agent?.stop();
});

/** How long ago the moment shown is, in seconds. */
const ago = async (page: Page): Promise<number> => -Number(await slider(page).getAttribute('aria-valuenow'));

test('wheel and W, S, A, D change the part of time that is shown; two clicks show the last two minutes', async ({
  page,
}) => {
  await send(page, PORTS[0]);
  const span = page.getByRole('status', { name: 'Time shown' });
  const seconds = async (): Promise<number> => {
    const [, minutes = 0, rest = 0] = /^(?:(\d+)\smin )?(\d+)\ss/.exec((await span.textContent()) ?? '') ?? [];
    return Number(minutes) * 60 + Number(rest);
  };
  await expect(span).toHaveText(/^2\smin 0\ss until now$/);
  const { x, y } = await pointAt(page, 1);
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await expect.poll(seconds).toBeLessThan(110);
  const zoomed = await seconds();
  await page.keyboard.press('w');
  await expect.poll(seconds).toBeLessThan(zoomed);
  await page.keyboard.press('s');
  await page.keyboard.press('s');
  await expect.poll(seconds).toBeGreaterThan(zoomed);
  await page.mouse.wheel(0, -4000);
  await expect(span).toHaveText(/^5\ss until now$/);
  await page.keyboard.press('a');
  await expect(span).toHaveText(/until \d\d:\d\d:\d\d$/);
  await page.keyboard.press('d');
  await page.keyboard.press('d');
  await expect(span).toHaveText(/until now$/);
  await page.mouse.dblclick(x - 300, y);
  await expect(span).toHaveText(/^2\smin 0\ss until now$/);
  await expect(status(page)).toContainText('live');
});

test('the timeline is a slider for the keyboard', async ({ page }) => {
  await send(page, PORTS[0]);
  await pass(3000);
  await slider(page).focus();
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'now, live');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^\d\d:\d\d:\d\d\.\d, \d+\ss ago$/);
  expect(await ago(page)).toBeGreaterThanOrEqual(2);
  await page.keyboard.press('Home');
  await expect(status(page)).toContainText('looking back');
  await page.keyboard.press('End');
  await expect(status(page)).toContainText('live');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'now, live');
});

test('goes through an exchange hop by hop, in the table and on the map, to where it was dropped', async ({ page }) => {
  await send(page, PORTS[0]);
  await row(page, PORTS[0]).click();
  const current = page.locator('.waterfall tr[aria-current="step"]');
  const badge = page.locator('g.badge.is-current');
  for (const [key, number, namespace] of [
    ['.', '1', LEFT],
    ['.', '2', RIGHT],
    [',', '1', LEFT],
    ['.', '2', RIGHT],
  ] as const) {
    await page.keyboard.press(key);
    await expect(current).toContainText(new RegExp(`^${number}.*eth0.*${namespace}`));
    await expect(badge).toHaveText(number);
  }
  await page.getByRole('button', { name: 'On by one hop' }).click();
  await expect(current).toContainText('NO_SOCKET');
  await page.keyboard.press('.');
  await expect(badge).toHaveText('3');
  await page.getByRole('button', { name: 'Loop' }).click();
  await expect(current).toHaveCount(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  // What one asked for runs also while everything else stands still.
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.fps)).toBeGreaterThan(5);
  expect(await page.evaluate(() => window.hopscopeStats.inFlight)).toBe(1);
});

test('with reduced motion nothing flies: the path of the latest exchange is numbered, its wires are counted', async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await send(page, PORTS[0]);
  await expect(page.locator('g.badge')).toHaveText(['1', '2', '3', '4']);
  // The request and the reply, or the error that came back, have passed the wire.
  await expect(page.locator('.wire-count').first()).toHaveText(/^[1-9]\d*$/);
  expect(await page.evaluate(() => window.hopscopeStats.inFlight)).toBe(0);
  await row(page, PORTS[0]).click();
  await page.keyboard.press('.');
  await expect(page.locator('g.badge.is-current')).toHaveText('1');
});
