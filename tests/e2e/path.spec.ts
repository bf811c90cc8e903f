// A path on the map, from a recording of address translation: what its packet says, its numbers, and what every sign is.
import type { Page } from '@playwright/test';
import { type Replay, startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('nat', '--speed', '20');
});

test.afterAll(async () => {
  await replay?.stop();
});

async function pickExchange(page: Page): Promise<void> {
  await page.goto(replay.url);
  await expect(page.getByText('6 exchanges').first()).toBeVisible({ timeout: 20_000 });
  await page
    .getByRole('list', { name: /^Recent exchanges/ })
    .getByRole('button', { name: /web . outside/ })
    .first()
    .click();
}

/** Texts drawn on the canvas of packets in flight, each once, in the order in which they first appeared. */
const drawnTexts = (page: Page): Promise<string[]> => page.evaluate(() => [...window.drawnTexts]);

declare global {
  interface Window {
    drawnTexts: Set<string>;
  }
}

test('a flying label says the addresses before the NAT, the change, and those after it', async ({ page }) => {
  await page.addInitScript(() => {
    window.drawnTexts = new Set();
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function note(...argv) {
      window.drawnTexts.add(argv[0]);
      draw.apply(this, argv);
    };
  });
  await pickExchange(page);
  await page.evaluate(() => window.drawnTexts.clear());
  await page.getByRole('button', { name: 'Loop' }).click();
  const before = '172.17.0.2 → 198.51.100.9';
  const change = '172.17.0.2 ⇒ 192.0.2.2';
  const after = '192.0.2.2 → 198.51.100.9';
  const news = async () => (await drawnTexts(page)).filter((text) => [before, change, after].includes(text));
  await expect.poll(news, { timeout: 20_000 }).toEqual([before, change]);
  // At the hop where it left the host, as slow as it goes: the change is no longer news.
  for (let i = 0; i < 4; i++) await page.keyboard.press('.');
  await expect(page.locator('g.badge.is-current')).toHaveText('4');
  for (let i = 0; i < 14; i++) await page.keyboard.press(']');
  await expect.poll(news).toEqual([before, change, after]);
});

/** Names of devices on the lit path of which a numbered circle covers a part. */
const coveredNames = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const circles = [...document.querySelectorAll('g.badge circle')].map((circle) => circle.getBoundingClientRect());
    const names = [...document.querySelectorAll(':is(.device, .bar-name).is-lit .device-name')];
    const isCovered = (name: Element): boolean => {
      const { left, right, top, bottom } = name.getBoundingClientRect();
      return circles.some((circle) => {
        const x = circle.x + circle.width / 2;
        const y = circle.y + circle.height / 2;
        // The line of a name is higher than its letters.
        const [inset, radius] = [(bottom - top) / 5, circle.width / 2];
        const nearX = Math.min(right, Math.max(left, x));
        const nearY = Math.min(bottom - inset, Math.max(top + inset, y));
        return Math.hypot(x - nearX, y - nearY) < radius - 1;
      });
    };
    return names.filter(isCovered).map((name) => name.textContent ?? '');
  });

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  test(`no numbered circle covers a name on its path, ${width} px wide`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await pickExchange(page);
    await expect(page.locator('g.badge')).toHaveCount(10);
    await expect(page.locator('.is-lit .device-name').filter({ hasText: 'lan0' })).toBeVisible();
    for (let step = 1; step <= 10; step++) {
      await page.keyboard.press('.');
      await expect(page.locator('g.badge.is-current')).toHaveText(String(step));
      expect(await coveredNames(page), `at step ${step}`).toEqual([]);
    }
  });
}

test('the legend says what every sign is, what this machine has first', async ({ page }) => {
  await page.goto(replay.url);
  await page.getByRole('button', { name: 'What is what' }).click();
  const signs = page.locator('.legend-signs');
  await expect(signs.getByRole('heading')).toHaveText(['Packets', 'Interfaces', 'Ways']);
  await expect(signs.getByRole('listitem').filter({ hasText: 'echo request' })).toBeVisible();
  await expect(
    signs.getByRole('listitem').filter({ hasText: 'the default route leaves by this interface' }),
  ).toHaveCount(1);
  const interfaces = signs.getByRole('list').nth(1).getByRole('listitem');
  await expect(interfaces.first()).not.toContainText('none here');
  await expect(interfaces.last()).toContainText('none here');
  await expect(interfaces.filter({ hasText: /^bridge/i })).not.toContainText('none here');
  await page.keyboard.press('Escape');
  await expect(signs).toBeHidden();
});
