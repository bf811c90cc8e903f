// Manners: redaction, themes, what a person who sees little or nothing has of the page.
import type { Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
import { namespaceBox } from './support/map.ts';
import { originalsIn, watchOriginals } from './support/originals.ts';
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

async function setRedacted(page: Page, isOn: boolean): Promise<void> {
  await page.getByRole('button', { name: /^Display/ }).click();
  await page.getByRole('checkbox', { name: /^Redact/ }).setChecked(isOn);
  await page.keyboard.press('Escape');
}

/** All of the document but the examples in its boxes, which name a container `web` on every machine. */
const contentOf = async (page: Page): Promise<string> => (await page.content()).replace(/ placeholder="[^"]*"/g, '');

/** Addresses that live nowhere on the practice host: its outside, and the one that is never answered. */
const FAR = ['198.51.100.9', '203.0.113.66'];

test('redaction leaves no original on the page, nor in what is copied from it', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const read = watchOriginals(page);
  await page.goto(agent.url);
  const list = page.getByRole('list', { name: /^Recent exchanges/ });
  await expect(list.getByRole('button', { name: /NETFILTER_DROP/ }).first()).toBeVisible({ timeout: 15_000 });
  const originals = [...read(), ...FAR];
  expect(originals.length).toBeGreaterThan(15);
  // The search finds what is there.
  expect(originalsIn(await contentOf(page), originals)).toEqual(
    expect.arrayContaining(['web', 'docker0', '172.17.0.2']),
  );
  await list
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();

  await setRedacted(page, true);
  await expect(page.getByRole('banner').getByText('redacted')).toBeVisible();
  expect(originalsIn(await contentOf(page), originals)).toEqual([]);
  expect(originalsIn(decodeURIComponent(page.url()), originals)).toEqual([]);
  for (const name of ['host', 'outside', 'web']) await expect(namespaceBox(page, name)).toHaveCount(0);
  await expect(namespaceBox(page, 'namespace-1')).toBeVisible();

  // What came before is there again, under other names.
  await list
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/Dropped\./);
  await expect(page.locator('g.drop .callout text').first()).toBeVisible();
  expect(originalsIn(await contentOf(page), originals)).toEqual([]);
  for (const button of await detail.getByRole('button', { name: /^Copy / }).all()) {
    if (!(await button.isVisible())) continue;
    await button.click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(originalsIn(copied, originals)).toEqual([]);
  }
  await page.getByRole('tab', { name: 'Paths' }).click();
  await expect(page.getByRole('region', { name: 'Path statistics' }).getByRole('listitem').first()).toBeVisible();
  expect(originalsIn(await contentOf(page), originals)).toEqual([]);
  await page.screenshot({ path: `${ARTIFACTS}/redacted-1280x800.png` });

  // The choice outlives the page; and back.
  await page.reload();
  await expect(namespaceBox(page, 'namespace-1')).toBeVisible();
  expect(originalsIn(await contentOf(page), originals)).toEqual([]);
  await setRedacted(page, false);
  await expect(namespaceBox(page, 'web')).toBeVisible();
  await expect(page.getByRole('banner').getByText('redacted')).toHaveCount(0);
});

test('redaction takes effect at once while paused', async ({ page }) => {
  const read = watchOriginals(page);
  await page.goto(agent.url);
  const list = page.getByRole('list', { name: /^Recent exchanges/ });
  await expect(list.getByRole('button', { name: /web → db/ }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('tab', { name: 'Paths' }).click();
  await setRedacted(page, true);
  expect(originalsIn(await contentOf(page), [...read(), ...FAR])).toEqual([]);
  await page.getByRole('tab', { name: 'Exchanges' }).click();
  await expect(list.getByRole('button', { name: /namespace-\d → namespace-\d/ }).first()).toBeVisible();
  expect(originalsIn(await contentOf(page), [...read(), ...FAR])).toEqual([]);
});

test('the map as tables, and the exchanges as a text log', async ({ page }) => {
  await page.goto(agent.url);
  await expect(namespaceBox(page, 'web')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Show the map as tables' })).toBeFocused();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'The map as tables' });
  const rows = (caption: string) => dialog.getByRole('table', { name: caption }).getByRole('row');
  await expect(rows('Namespaces')).toHaveText([/^name/, /^host/, /^web/, /^db/, /^outside/], { useInnerText: true });
  await expect(rows('Interfaces').filter({ hasText: 'docker0' }).first()).toContainText('172.17.0.1/16');
  await expect(rows('Links').filter({ hasText: 'eth0 in web' })).toContainText('veth pair');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('log', { name: 'Exchanges as text' })).toContainText(
    /web to (?:db|outside) #\d+\.\d+: Replied in|\d+\sexchanges, (?:all went well|\d+ did not end well)/,
    { timeout: 12_000 },
  );
});

test('works at 200 % zoom and on a phone: nothing beyond the edge', async ({ page }) => {
  for (const viewport of [
    { width: 640, height: 400 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    await page.goto(agent.url);
    await expect(namespaceBox(page, 'web')).toBeVisible();
    await expect(page.getByRole('button', { name: /web → db/ }).first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    for (const control of await page.getByRole('banner').getByRole('button').all()) {
      if (!(await control.isVisible())) continue;
      const box = await control.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(viewport.width);
    }
    await page.screenshot({ path: `${ARTIFACTS}/narrow-${viewport.width}x${viewport.height}.png` });
  }
});

test('teaching mode: larger, slower, and a caption in step with the packet', async ({ page }) => {
  await page.goto(agent.url);
  const row = page.getByRole('button', { name: /web → outside/ }).first();
  await expect(row).toBeVisible();
  const typeOf = () =>
    page
      .locator('.map .ns-title')
      .first()
      .evaluate((title) => title.getBoundingClientRect().height);
  const before = await typeOf();
  await page.getByRole('button', { name: /^Display/ }).click();
  await page.getByRole('checkbox', { name: 'Teaching mode' }).check();
  await page.keyboard.press('Escape');
  expect(await typeOf()).toBeGreaterThan(before * 1.1);
  await row.click();
  await page.keyboard.press('l');
  const caption = page.getByRole('region', { name: 'What the packet passes' });
  // One way there and back shows them all; each is up for as long as the dot is there.
  const seen = new Set<string>();
  await expect
    .poll(
      async () => {
        seen.add((await caption.textContent()) ?? '');
        return ['A veth pair, through the wall', 'A bridge', 'NAT, address translation', 'The IP stack'].filter(
          (title) => ![...seen].some((text) => text.startsWith(title)),
        );
      },
      { timeout: 45_000, intervals: [100] },
    )
    .toEqual([]);
  const nat = [...seen].find((text) => text.startsWith('NAT'));
  expect(nat).toMatch(/172\.17\.0\.2 becomes 192\.0\.2\.2|192\.0\.2\.2 becomes 172\.17\.0\.2/);
  await page.screenshot({ path: `${ARTIFACTS}/teaching-1280x800.png` });
});
