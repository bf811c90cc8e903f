// The practice host: everything in it is known, also what its firewall drops.
import { type Agent, startAgent } from './support/agent.ts';
import { deviceBox, hostBox, isAt, namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

const ARTIFACTS = 'artifacts/screenshots';
let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ lab: true });
});

test.afterAll(async () => {
  await agent?.stop();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
});

test('says that it is a practice host and draws it', async ({ page }) => {
  await expect(page.getByText('practice host', { exact: true }).first()).toBeVisible();
  for (const name of ['host', 'web', 'db', 'outside']) await expect(namespaceBox(page, name)).toBeVisible();
  await expect(await deviceBox(hostBox(page), 'docker0')).toHaveAccessibleName(/bridge, 172\.17\.0\.1\//);
});

test('marks a packet that the firewall dropped with ✕ where it died, and says why', async ({ page }) => {
  const mark = page.locator('g.drop').filter({ hasText: '✕ dropped: NETFILTER_DROP' });
  // The practice host tries it every six seconds.
  await expect(mark).toBeVisible({ timeout: 15_000 });
  const bridge = await (await deviceBox(hostBox(page), 'docker0')).boundingBox();
  const cross = await mark.locator('.drop-cross').boundingBox();
  expect(bridge).not.toBeNull();
  expect(cross).not.toBeNull();
  if (bridge === null || cross === null) return;
  expect(isAt({ x: cross.x + cross.width / 2, y: cross.y + cross.height / 2 }, bridge)).toBe(true);

  await page
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/dropped the request on docker0 in host/);
  await expect(detail.getByText('NETFILTER_DROP').first()).toBeVisible();
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 1920, height: 1080 },
  ]) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: `${ARTIFACTS}/dropped-${viewport.width}x${viewport.height}.png` });
  }
});

test('shows every packet: nothing is missed', async ({ page }) => {
  const ledger = page.getByRole('button', { name: /seen · .* missed/ });
  await expect(ledger).toHaveText(/[1-9]\d* seen · [1-9]\d* delivered · 0 missed/);
});

test('pause holds the list still, and going on catches up', async ({ page }) => {
  const count = page.getByText(/^\d+\sexchanges/);
  await expect(count).toHaveText(/^(?:[3-9]|\d\d)/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'paused' })).toBeVisible();
  const held = await page.getByRole('list', { name: /^Recent exchanges/ }).textContent();
  const ledger = page.getByRole('button', { name: /seen · .* missed/ });
  const seen = (await ledger.textContent()) ?? '';
  await expect(ledger).not.toHaveText(seen);
  expect(await page.getByRole('list', { name: /^Recent exchanges/ }).textContent()).toBe(held);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => page.getByRole('list', { name: /^Recent exchanges/ }).textContent()).not.toBe(held);
});

test('is drawn in dark colours when asked', async ({ page }) => {
  await expect(namespaceBox(page, 'web')).toBeVisible();
  await page.getByRole('button', { name: 'Dark theme' }).click();
  await expect(page.getByRole('button', { name: 'Light theme' })).toBeVisible();
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const parts = background.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  expect(Math.max(...parts)).toBeLessThan(80);
  await page.screenshot({ path: `${ARTIFACTS}/dark-1280x800.png` });
});
