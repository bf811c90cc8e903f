// Two exchanges side by side: one that worked and one that was dropped.
import { type Agent, startAgent } from './support/agent.ts';
import { expect, test } from './support/test.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ lab: true });
});

test.afterAll(async () => {
  await agent?.stop();
});

test('compares an exchange with another one: where they part, times, headers, and both paths on the map', async ({
  page,
}) => {
  await page.goto(agent.url);
  const list = page.getByRole('list', { name: /^Recent exchanges/ });
  // The practice host sends the one that is dropped every six seconds.
  await expect(list.getByRole('button', { name: /NETFILTER_DROP/ }).first()).toBeVisible({ timeout: 15_000 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await list
    .getByRole('button', { name: /web → outside.*10.hops/ })
    .first()
    .click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await detail.getByRole('button', { name: 'Compare with…' }).click();
  await expect(detail.getByRole('status')).toContainText('Choose the exchange to compare this one with');
  await list
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();

  const comparison = page.getByRole('region', { name: 'Comparison' });
  await expect(comparison).toContainText(/B was dropped at docker0 in host: NETFILTER_DROP\./);
  await expect(comparison.getByText('◀ first difference')).toHaveCount(1);
  await expect(comparison.getByText(/^Dropped: NETFILTER_DROP$/)).toBeVisible();
  await expect(page.locator('path.lit.is-second')).not.toHaveCount(0);
  await expect(page.locator('path.lit:not(.is-second)')).not.toHaveCount(0);
  await expect(list.locator('.is-compared')).toHaveCount(1);

  // Another one as B: the same way, with times and headers to compare.
  await page.getByRole('button', { name: 'Resume' }).click();
  await list
    .getByRole('button', { name: /web → outside.*10.hops/, pressed: false })
    .first()
    .click();
  await expect(comparison).toContainText(/Both took the same way: 10\shops\./);
  await expect(comparison.getByRole('row').nth(1)).toContainText(/eth0 web.*0\.0.*0\.0.*\+0\.0/);
  await expect(comparison.getByRole('rowheader')).toHaveCount(10);

  await page.keyboard.press('Escape');
  await expect(detail).toBeVisible();
  await expect(page.locator('path.lit.is-second')).toHaveCount(0);
  await page.keyboard.press('c');
  await expect(detail.getByRole('status')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(detail).toHaveCount(0);
});
