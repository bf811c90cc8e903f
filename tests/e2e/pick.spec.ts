// Two rows of the list are picked to be compared.
import { openMixed, startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

test('compares two rows that are picked: with the mouse, with Space and with X', async ({ page }) => {
  const replay = await startReplay('mixed', '--speed', '20');
  await openMixed(page, replay.url);
  const list = page.getByRole('list', { name: /^Recent exchanges/ });
  const dropped = list.getByRole('listitem').filter({ hasText: 'NETFILTER_DROP' }).first();
  const row = list.getByRole('listitem').filter({ hasText: 'web → db' }).first();
  const boxOf = (row: typeof dropped) => row.getByRole('checkbox', { name: /^Pick .* to compare it$/ });
  const comparison = page.getByRole('region', { name: 'Comparison' });
  const hint = page.getByRole('status').filter({ hasText: 'Pick another one' });

  await row.hover();
  await boxOf(row).check();
  await expect(hint).toContainText('web → db');
  await dropped.hover();
  await boxOf(dropped).check();
  await expect(comparison).toContainText(/B was dropped at docker0 in host: NETFILTER_DROP\./);
  await expect(hint).toHaveCount(0);
  await expect(list.getByRole('checkbox', { checked: true })).toHaveCount(2);
  // A third one takes the place of the second; what is put back leaves the other picked.
  const third = list.getByRole('listitem').filter({ hasText: 'web → outside' }).first();
  await boxOf(third).check();
  await expect(comparison).toContainText('web → outside');
  await boxOf(third).uncheck();
  await expect(comparison).toHaveCount(0);
  await expect(hint).toContainText('web → db');
  await page.keyboard.press('Escape');
  await expect(hint).toHaveCount(0);

  await row.getByRole('button').first().focus();
  await page.keyboard.press('x');
  await expect(boxOf(row)).toBeChecked();
  await dropped.getByRole('button').first().focus();
  await page.keyboard.press('Tab');
  await expect(boxOf(dropped)).toBeFocused();
  await page.keyboard.press('Space');
  await expect(comparison).toContainText(/B was dropped at docker0/);
  await replay.stop();
});
