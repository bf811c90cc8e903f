// Recordings on the page: the menu of those that come with Hopscope, and one that is played.
import { join } from 'node:path';
import { type Companion, startCompanion } from '../netns/support/child.ts';
import { expect, test } from './support/test.ts';

const PROGRAM = join(import.meta.dirname, '../../apps/agent/bin/hopscope.mjs');
const RECORDINGS = join(import.meta.dirname, '../../recordings');

let agent: Companion | null = null;
test.afterEach(async () => {
  await agent?.stop('SIGTERM');
  agent = null;
});

async function start(...args: string[]): Promise<string> {
  agent = startCompanion([process.execPath, PROGRAM, ...args, '--port', '0'], {}, 'TERM');
  const line = await agent.waitForLine(/on http:\/\/\S+:\d+$/);
  return /http:\S+$/.exec(line)?.[0] ?? '';
}

test('the demo has a menu, and each leads to a recording that plays', async ({ page }) => {
  await page.goto(await start('demo'));
  await expect(page.getByRole('link')).toHaveCount(11);
  await page.getByRole('link', { name: /VXLAN/ }).click();
  await expect(page.getByRole('status').filter({ hasText: 'recording' })).toBeVisible();
  await expect(page.getByText(/^from \d{4}-\d\d-\d\d \d\d:\d\d UTC$/)).toBeVisible();
  await expect(page.getByText('6 exchanges').first()).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('210 seen', { exact: false })).toBeVisible();
  await page.goBack();
  await page.getByRole('link', { name: /firewall rule/ }).click();
  await expect(page.getByRole('button', { name: /NETFILTER_DROP/ }).first()).toBeVisible({ timeout: 20_000 });
});

test('a file is played faster, and its page can be loaded again', async ({ page }) => {
  const url = await start('replay', join(RECORDINGS, 'nat.hops'), '--speed', '20');
  await page.goto(url);
  await expect(page.getByText('6 exchanges').first()).toBeVisible({ timeout: 20_000 });
  await page.reload();
  await expect(page.getByText('6 exchanges').first()).toBeVisible({ timeout: 20_000 });
});
