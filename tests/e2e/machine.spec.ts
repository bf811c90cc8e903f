// This machine as it is, without any container: plain `npm start`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Lab, startLab } from '@hopscope/lab';
import { type Agent, startAgent } from './support/agent.ts';
import { deviceBox, exchangeRow, hostBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

const ping = (...argv: string[]) => promisify(execFile)('ping', ['-n', '-q', ...argv]);

let agent: Agent;
let lab: Lab | undefined;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent();
});

test.afterAll(async () => {
  await lab?.stop();
  await agent?.stop();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(hostBox(page)).toBeVisible();
});

test('shows a ping to localhost at the loopback', async ({ page }) => {
  await expect(await deviceBox(hostBox(page), 'lo')).toBeVisible();
  await ping('-c', '1', '-e', '4801', '127.0.0.1');
  await exchangeRow(page, '#4801.1').click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/replied\sin/i);
  await expect(detail.getByRole('rowheader').first()).toHaveText(/^1\s*lo/);
});

test('a name with markup in it is text', async ({ page }) => {
  const name = '<img>&lt;"\'';
  lab = await startLab({ namespaces: [{ name: 'odd', bridges: [{ name }] }] });
  await expect(page.getByRole('group', { name: `${name}, bridge` })).toBeVisible();
  await expect(page.locator('main img')).toHaveCount(0);
});

test('React does not render because of a packet', async ({ page }) => {
  const commits = () => page.evaluate(() => window.hopscopeStats.reactCommits);
  const ledger = page.getByRole('button', { name: /seen · .* missed/ });
  await ping('-c', '1', '-e', '4802', '127.0.0.1');
  await expect(exchangeRow(page, '#4802.1')).toBeVisible();
  const before = await commits();
  const startMs = Date.now();
  await ping('-c', '1000', '-i', '0.002', '-e', '4803', '127.0.0.1');
  await expect(exchangeRow(page, '#4803.1000')).toBeVisible();
  await expect(ledger).toContainText('0 missed');
  const seconds = (Date.now() - startMs) / 1000;
  // The list and the counters are read four times a second, by a handful of components.
  expect((await commits()) - before).toBeLessThan(4 * 8 * (seconds + 1));
});
