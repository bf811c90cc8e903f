// The pictures in docs/pictures, each of a real recording (but for the 100 namespaces, which no test could build). `npm run pictures`.
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { sampleTopology } from '../../apps/web/src/graph/sample-topology.ts';
import { createEchoMaker } from '../e2e/support/echo-records.ts';
import { startFedAgent } from '../e2e/support/fed-agent.ts';
import { startReplay } from '../e2e/support/replay.ts';
import { expect, test } from '../e2e/support/test.ts';

const FOLDER = join(import.meta.dirname, '../../docs/pictures');

const ends: (() => Promise<unknown>)[] = [];
test.afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function play(page: Page, recording: string, ...flags: string[]): Promise<void> {
  const replay = await startReplay(recording, ...flags);
  ends.push(replay.stop);
  await page.goto(replay.url);
  await expect(page.locator('g.ns').first()).toBeVisible();
}

const list = (page: Page): Locator => page.getByRole('list', { name: /^Recent exchanges/ });
const row = (page: Page, name: RegExp): Locator => list(page).getByRole('button', { name }).first();

/** All of the recording has come, and flown by. */
async function finish(page: Page, count: number): Promise<void> {
  await expect(page.getByText(`${count} exchanges`).first()).toBeVisible({ timeout: 40_000 });
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight), { timeout: 40_000 }).toBe(0);
  await expect(page.locator('g.drop')).toHaveCount(0, { timeout: 20_000 });
}

/** Selects one that is over, and holds its packet at one of its hops. */
async function hold(page: Page, name: RegExp, hop: number): Promise<void> {
  await row(page, name).click();
  for (let i = 0; i < hop; i++) await page.keyboard.press('.');
  await expect(page.getByRole('region', { name: 'Selected exchange' })).toBeVisible();
}

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(2, 2);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

test('quiet', async ({ page }) => {
  await play(page, 'mixed', '--speed', '20');
  await finish(page, 12);
  await take(page, 'quiet');
});

test('ping', async ({ page }) => {
  await play(page, 'containers', '--speed', '20');
  await finish(page, 9);
  await hold(page, /web → db.*8.hops/, 6);
  await take(page, 'ping');
});

test('flood', async ({ page }) => {
  await play(page, 'flood');
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight)).toBeGreaterThan(300);
  // Until the first are on their way back.
  await page.waitForTimeout(2500);
  await take(page, 'flood');
});

test('drop', async ({ page }) => {
  await play(page, 'drop-forward-drop', '--speed', '20');
  await finish(page, 3);
  await hold(page, /NETFILTER_DROP/, 1);
  await take(page, 'drop');
});

test('nat', async ({ page }) => {
  await play(page, 'nat', '--speed', '20');
  await finish(page, 6);
  await hold(page, /web → outside/, 4);
  await take(page, 'nat');
});

test('vxlan', async ({ page }) => {
  await play(page, 'vxlan', '--speed', '20');
  await finish(page, 6);
  await hold(page, /pod1 → pod2/, 4);
  await take(page, 'vxlan');
});

test('namespaces', async ({ page }) => {
  const containers = Array.from({ length: 100 }, (_, i) => ({ number: i + 2, bridges: i % 2 === 0 ? [0] : [0, 1] }));
  const agent = await startFedAgent(sampleTopology(2, containers));
  ends.push(agent.stop);
  await page.setViewportSize({ width: 1600, height: 1000 });
  await page.goto(agent.url);
  await expect(page.locator('g.ns')).toHaveCount(101);
  const end = (number: number) => ({ netns: number, ifindex: 2, port: 100 + number * 10, host: number });
  const maker = createEchoMaker();
  for (let i = 0; i < 40; i++) {
    await agent.sendHops(maker.batch(end(2 + ((i * 7) % 90)), end(3 + ((i * 13) % 90)), 3, 1e9 + i * 2e6));
  }
  await expect(list(page).getByRole('listitem').first()).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight)).toBeGreaterThan(20);
  await take(page, 'namespaces');
});

test('comparison', async ({ page }) => {
  await play(page, 'mixed', '--speed', '20');
  await finish(page, 12);
  await row(page, /db → web/).click();
  await page.keyboard.press('c');
  await row(page, /NETFILTER_DROP/).click();
  await expect(page.getByRole('region', { name: 'Comparison' })).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight), { timeout: 20_000 }).toBe(0);
  await take(page, 'comparison');
});

test('waterfall', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 1040 });
  await play(page, 'nat', '--speed', '20');
  await finish(page, 6);
  await hold(page, /web → outside/, 1);
  await take(page, 'waterfall');
});

test('dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await play(page, 'mixed', '--speed', '20');
  await finish(page, 12);
  await hold(page, /web → outside/, 7);
  await take(page, 'dark');
});

test('teaching', async ({ page }) => {
  await play(page, 'nat', '--speed', '20');
  await finish(page, 6);
  await page.getByRole('button', { name: /^Display/ }).click();
  await page.getByRole('checkbox', { name: 'Teaching mode' }).check();
  await page.keyboard.press('Escape');
  await row(page, /web → outside/).click();
  await expect(page.getByRole('region', { name: 'What the packet passes' })).toContainText('A bridge', {
    timeout: 30_000,
  });
  await take(page, 'teaching');
});

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true });
  test('phone', async ({ page }) => {
    await play(page, 'mixed', '--speed', '20');
    await finish(page, 12);
    await hold(page, /NETFILTER_DROP/, 2);
    await take(page, 'phone');
  });
});
