// Colours and what assistive technology makes of the page, in every theme.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
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

const THEMES = ['light', 'dark', 'high contrast'] as const;

async function setTheme(page: Page, theme: (typeof THEMES)[number]): Promise<void> {
  await page.getByRole('button', { name: /^Display/ }).click();
  await page.getByRole('radio', { name: theme, exact: true }).check();
  await page.keyboard.press('Escape');
}

/** Nothing that axe knows how to find. */
async function expectAccessible(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${state}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
  expect(found).toEqual([]);
}

for (const theme of THEMES) {
  test(`axe finds nothing in any state: ${theme}`, async ({ page }) => {
    await page.goto(agent.url);
    const list = page.getByRole('list', { name: /^Recent exchanges/ });
    const dropped = list.getByRole('button', { name: /NETFILTER_DROP/ }).first();
    await expect(dropped).toBeVisible({ timeout: 15_000 });
    await page.getByRole('button', { name: 'Pause' }).click();
    await setTheme(page, theme);
    await expectAccessible(page, `${theme}, list`);
    await list
      .getByRole('button', { name: /web → outside/, pressed: false })
      .first()
      .click();
    await page.keyboard.press('c');
    await list
      .getByRole('button', { name: /web → db/ })
      .first()
      .click();
    await expect(page.getByRole('region', { name: 'Comparison' })).toBeVisible();
    await expectAccessible(page, `${theme}, comparison`);
    await page.keyboard.press('Escape');
    await expectAccessible(page, `${theme}, exchange`);
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: 'Paths' }).click();
    await expectAccessible(page, `${theme}, paths`);
    await page.getByRole('tab', { name: 'Exchanges' }).click();
    await page.keyboard.press('m');
    await expect(page.getByRole('dialog', { name: 'The map as tables' })).toBeVisible();
    await expectAccessible(page, `${theme}, tables`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expectAccessible(page, `${theme}, help`);
    await page.keyboard.press('Escape');
    await page.screenshot({ path: `${ARTIFACTS}/theme-${theme.replace(' ', '-')}-1280x800.png` });
  });
}

test('every colour of text stands out from every ground it is set on: AA, and AAA in high contrast', async ({
  page,
}) => {
  await page.goto(agent.url);
  const least = { light: 4.5, dark: 4.5, 'high contrast': 7 } as const;
  for (const theme of THEMES) {
    await setTheme(page, theme);
    const ratios = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const probe = document.body.appendChild(document.createElement('i'));
      function luminance(token: string): number {
        probe.style.color = style.getPropertyValue(token);
        const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map((part) => {
          const value = Number(part) / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      }
      const inks = ['--ink', '--muted', '--request', '--reply', '--error', '--drop', '--good', '--wait'];
      const grounds = ['--card', '--map', '--host', '--box', '--chip', '--hover', '--selected'];
      const all = inks.flatMap((ink) =>
        grounds.map((ground) => {
          const [a, b] = [luminance(ink), luminance(ground)].sort((x, y) => y - x) as [number, number];
          return { pair: `${ink} on ${ground}`, ratio: (a + 0.05) / (b + 0.05) };
        }),
      );
      probe.remove();
      return all;
    });
    expect(ratios).toHaveLength(56);
    expect(ratios.filter(({ ratio }) => ratio < least[theme])).toEqual([]);
  }
});
