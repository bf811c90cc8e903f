// What the menu of a value copies: an exchange, a hop, in every form.
import type { Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
import { expect, test } from './support/test.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');
test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test.beforeAll(async () => {
  agent = await startAgent({ lab: true });
});

test.afterAll(async () => {
  await agent?.stop();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(row(page)).toBeVisible({ timeout: 15_000 });
});

const box = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const row = (page: Page) =>
  page
    .getByRole('list', { name: /^Recent exchanges/ })
    .getByRole('button', { name: /db → outside/ })
    .first();
const detail = (page: Page) => page.getByRole('region', { name: 'Selected exchange' });
const item = (page: Page, name: string) => page.getByRole('menuitem', { name, exact: true });
const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test('copies an exchange as text, table, JSON, filter, link and command', async ({ page }) => {
  const copy = async (form: string) => {
    await row(page).click({ button: 'right' });
    await item(page, `Copy as ${form}`).click();
    await expect(page.getByText(`Copied as ${form}`)).toBeVisible();
    return copied(page);
  };
  expect(await copy('text')).toMatch(
    /^[\d:.]+, db → outside #\d+\.\d+, 172\.17\.0\.3 → 203\.0\.113\.66, Dropped, 3 hops/,
  );
  const markdown = await copy('Markdown table');
  expect(markdown).toContain('- Reason: NETFILTER\\_DROP');
  expect(markdown).toMatch(/\| request 1 \| 0\.0 µs \| `db` \| `eth0` \| out \|/);
  expect(JSON.parse(await copy('JSON'))).toMatchObject({
    type: 'exchange',
    dst: '203.0.113.66',
    drop: { reason: 'NETFILTER_DROP', ifname: 'docker0', netnsName: 'host' },
  });
  const filter = await copy('filter');
  expect(filter).toMatch(
    /^icmp\.id == \d+ && icmp\.seq == \d+ && ip\.src == 172\.17\.0\.3 && ip\.dst == 203\.0\.113\.66$/,
  );
  expect(await copy('hopscope trace command')).toMatch(
    /^sudo npx hopscope trace --tree --lab --display-filter 'icmp\.id == .*'$/,
  );
  const link = await copy('link');
  await page.goto(link);
  await expect(detail(page)).toContainText('db → outside');
});

test('copies a hop of its own', async ({ page }) => {
  await row(page).click();
  await detail(page)
    .getByRole('row')
    .filter({ hasText: 'veth9c07d3e' })
    .getByRole('button')
    .first()
    .click({ button: 'right' });
  await expect(page.getByRole('menu', { name: 'hop 2 veth9c07d3e in host' })).toBeVisible();
  await item(page, 'Copy as JSON').click();
  await expect.poll(() => copied(page)).toContain('"ifname": "veth9c07d3e"');
  await detail(page)
    .getByRole('row')
    .filter({ hasText: 'veth9c07d3e' })
    .getByRole('button')
    .first()
    .click({ button: 'right' });
  await item(page, 'Apply as filter: this alone').click();
  await expect(box(page)).toHaveValue('hop.device == "host/veth9c07d3e"');
  await expect(row(page)).toBeVisible();
});
