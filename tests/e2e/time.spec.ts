// Time: looking back at what is held in memory, selecting a part of it, going step by step, and the way back to now.
import { once } from 'node:events';
import { type Lab, startLab } from '@hopscope/lab';
import type { Locator, Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
import { namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

/** Nothing else on this machine sends there. */
const PORTS = [47_901, 47_902] as const;
const [LEFT, RIGHT] = ['timeleft', 'timeright'] as const;

let agent: Agent;
let lab: Lab | undefined;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ argv: ['--filter-proto', 'udp', '--filter-port', PORTS.join(',')] });
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(status(page)).toContainText('live');
});

test.afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

test.afterAll(async () => {
  await agent?.stop();
});

const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Moment shown' });
const status = (page: Page): Locator => page.getByRole('status').filter({ hasText: /live|paused|looking back/ });
const list = (page: Page): Locator => page.getByRole('list', { name: /^Recent exchanges/ });
const row = (page: Page, port: number): Locator => list(page).getByRole('button', { name: new RegExp(`→ ${port}\\b`) });

/** From one container to the other, where nobody listens: it is dropped there. Answers when the page shows it. */
async function send(page: Page, port: number): Promise<void> {
  lab ??= await startLab({
    namespaces: [LEFT, RIGHT].map((name, i) => ({ name, addresses: { eth0: [`10.79.0.${i + 1}/24`] } })),
    wires: [{ a: `${LEFT}/eth0`, b: `${RIGHT}/eth0` }],
  });
  const sender = lab.run(LEFT, ['bash', '-c', `echo > /dev/udp/10.79.0.2/${port}`], { stdio: 'ignore' });
  await once(sender, 'exit');
  await expect(row(page, port)).toBeVisible();
}

/** Until the page's clock is so much further. */
async function pass(ms: number): Promise<number> {
  const startMs = Date.now();
  await expect.poll(() => Date.now() - startMs, { intervals: [100], timeout: 20_000 }).toBeGreaterThan(ms);
  return startMs;
}

/** Points of the chart: from 0, its left edge, to 1, now. */
async function pointAt(page: Page, part: number): Promise<{ x: number; y: number }> {
  const box = await slider(page).boundingBox();
  if (box === null) throw new Error('the timeline is not to be seen');
  return { x: box.x + part * (box.width - 14), y: box.y + 20 };
}

async function clickAt(page: Page, part: number): Promise<void> {
  const { x, y } = await pointAt(page, part);
  await page.mouse.click(x, y);
}

async function pull(page: Page, from: number, to: number): Promise<void> {
  const [a, b] = [await pointAt(page, from), await pointAt(page, to)];
  await page.mouse.move(a.x, a.y);
  await page.mouse.down();
  await page.mouse.move((a.x + b.x) / 2, a.y, { steps: 4 });
  await page.mouse.move(b.x, b.y, { steps: 4 });
  await page.mouse.up();
}

/** How long ago the moment shown is, in seconds. */
const ago = async (page: Page): Promise<number> => -Number(await slider(page).getAttribute('aria-valuenow'));

/** Clicks where that wall-clock time is, with the whole two minutes shown. */
const clickAtTime = (page: Page, wallMs: number): Promise<void> => clickAt(page, 1 - (Date.now() - wallMs) / 120_000);

test('looking back shows an exchange and a container that are gone now, and the way back to now', async ({ page }) => {
  await send(page, PORTS[0]);
  await expect(namespaceBox(page, LEFT)).toBeVisible();
  const shownMs = await pass(3000);
  await lab?.stop();
  lab = undefined;
  await expect(namespaceBox(page, LEFT)).toHaveCount(0);

  await clickAtTime(page, shownMs + 300);
  await expect(status(page)).toContainText('looking back');
  await expect(page.getByText(/^\d+\ss ago$/)).toBeVisible();
  await expect(namespaceBox(page, LEFT)).toBeVisible();
  await expect(row(page, PORTS[0])).toContainText(LEFT);

  await page.getByRole('button', { name: 'Go live' }).click();
  await expect(status(page)).toContainText('live');
  await expect(namespaceBox(page, LEFT)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Go live' })).toHaveCount(0);
});

test('before an exchange began it is not there; playing on, it comes; what comes meanwhile is kept', async ({
  page,
}) => {
  await send(page, PORTS[0]);
  const betweenMs = await pass(5000);
  await send(page, PORTS[1]);
  await clickAtTime(page, betweenMs + 300);
  await expect(status(page)).toContainText('looking back');
  await expect(row(page, PORTS[1])).toHaveCount(0);
  await expect(row(page, PORTS[0])).toBeVisible();
  await page.keyboard.press('Space');
  // As long as it took then, and longer where a busy machine draws few frames.
  await expect(row(page, PORTS[1])).toBeVisible({ timeout: 25_000 });
  await expect(status(page)).toContainText('looking back');
  await page.keyboard.press('n');
  await expect(status(page)).toContainText('live');
  await expect(list(page).getByRole('button')).toHaveCount(2);
});

test('pulling selects a part of time, and only what began in it is listed and counted', async ({ page }) => {
  await send(page, PORTS[0]);
  const betweenMs = await pass(6000);
  await send(page, PORTS[1]);
  await pull(page, 0.4, 1 - (Date.now() - betweenMs - 300) / 120_000);
  await expect(page.getByRole('button', { name: 'End the time selection' })).toBeVisible();
  await expect(row(page, PORTS[1])).toHaveCount(0);
  await expect(row(page, PORTS[0])).toBeVisible();
  await page.getByRole('tab', { name: 'Paths' }).click();
  const paths = page.getByRole('region', { name: 'Path statistics' });
  await expect(paths.getByRole('listitem').filter({ hasText: '10.79.0.1' })).toContainText('1 sent');
  await page.getByRole('tab', { name: 'Exchanges' }).click();

  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'End the time selection' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(status(page)).toContainText('live');
  await expect(row(page, PORTS[1])).toBeVisible();
});

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

test('with reduced motion nothing flies: the path of the latest exchange is numbered', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await send(page, PORTS[0]);
  await expect(page.locator('g.badge')).toHaveText(['1', '2', '3', '4']);
  expect(await page.evaluate(() => window.hopscopeStats.inFlight)).toBe(0);
  await row(page, PORTS[0]).click();
  await page.keyboard.press('.');
  await expect(page.locator('g.badge.is-current')).toHaveText('1');
});
