// Looking back at what is held in memory, selecting a part of it, and the way back to now.
import type { Page } from '@playwright/test';
import type { Agent } from './support/agent.ts';
import { namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';
import { LEFT, list, PORTS, pass, pointAt, row, send, startTimeAgent, status, stopContainers } from './support/time.ts';

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

async function clickAt(page: Page, part: number): Promise<void> {
  const { x, y } = await pointAt(page, part);
  await page.mouse.click(x, y);
}

/** Clicks where that wall-clock time is, with the whole two minutes shown. */
const clickAtTime = (page: Page, wallMs: number): Promise<void> => clickAt(page, 1 - (Date.now() - wallMs) / 120_000);

async function pull(page: Page, from: number, to: number): Promise<void> {
  const [a, b] = [await pointAt(page, from), await pointAt(page, to)];
  await page.mouse.move(a.x, a.y);
  await page.mouse.down();
  await page.mouse.move((a.x + b.x) / 2, a.y, { steps: 4 });
  await page.mouse.move(b.x, b.y, { steps: 4 });
  await page.mouse.up();
}

test('looking back shows an exchange and a container that are gone now, and the way back to now', async ({ page }) => {
  await send(page, PORTS[0]);
  await expect(namespaceBox(page, LEFT)).toBeVisible();
  const shownMs = await pass(3000);
  await stopContainers();
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
