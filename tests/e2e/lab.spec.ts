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
  // The rule is read from the machine's tables some ms after the drop, and the sentence follows.
  await expect(detail).toContainText(/chain forward\b.* dropped the request on docker0 in host/i);
  const evidence = detail.getByRole('table', { name: 'Evidence around the drop' });
  const fact = (label: string) =>
    evidence.getByRole('row').filter({ has: page.getByRole('cell', { name: label, exact: true }) });
  await expect(fact('chain')).toContainText(/forward/i);
  await expect(fact('rule')).toContainText('203.0.113.66');
  await expect(fact('chain').getByRole('button', { name: /^Copy chain: forward/i })).toBeVisible();
  await detail.getByText(/^How things stood: \d+ more facts/).click();
  await expect(detail.getByRole('table', { name: 'More facts around the drop' })).toContainText(/route found\s*yes/);
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
  await ledger.click();
  await expect(page.getByText('Nothing is missing: every packet that was traced is on this page.')).toBeVisible();
  await expect(page.getByRole('rowheader', { name: 'delivered to this page' })).toBeVisible();
});

test('shows what address translation made of a packet, its stages, and the way there and back in time', async ({
  page,
}) => {
  await page
    .getByRole('button', { name: /web → outside/ })
    .filter({ hasText: '10' })
    .first()
    .click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/Replied in/);
  await expect(detail).toContainText('followed through address translation');

  const tuples = detail.getByRole('region', { name: 'Addresses it wore' }).getByRole('row');
  await expect(tuples).toHaveText([
    /request.*172\.17\.0\.2 → 198\.51\.100\.9 #\d+ *first seen at eth0 in web/,
    /request.*192\.0\.2\.2 → 198\.51\.100\.9 #\d+ *source was 172\.17\.0\.2, first seen at eth0 in host/,
    /reply.*198\.51\.100\.9 → 192\.0\.2\.2 #\d+ *first seen at lan0 in outside/,
    /reply.*198\.51\.100\.9 → 172\.17\.0\.2 #\d+ *destination was 192\.0\.2\.2, first seen at/,
  ]);

  const translated = detail.getByRole('rowheader').filter({ hasText: 'NAT' }).first();
  await translated.getByRole('button').click();
  await expect(translated.getByRole('button')).toHaveAttribute('aria-expanded', 'true');
  await expect(detail.getByRole('list', { name: 'Stages in the kernel' })).toContainText(
    /queued\s+[\d.]+\s.s → transmitted/,
  );
  await expect(detail).toContainText('the same packet with other addresses');
  await expect(detail).toContainText(/Seen from here the reply took [\d.]+\s.s\./);

  await detail.getByText('Time of each stretch, out and back').click();
  const stretches = detail.getByRole('table').filter({ hasText: 'back µs' }).getByRole('row');
  await expect(stretches).toHaveCount(1 + 4);
  await expect(stretches.last()).toHaveText(/^eth0 → lan0\s*[\d.,]+\s*[\d.,]+$/);
});

test('counts every path with the columns of mtr, hop by hop, and marks where packets are lost', async ({ page }) => {
  await page.getByRole('tab', { name: 'Paths' }).click();
  const paths = page.getByRole('region', { name: 'Path statistics' });
  const replied = paths.getByRole('listitem').filter({ hasText: '172.17.0.1 → 172.17.0.2' });
  await expect(replied).toContainText(/\d+ sent: \d+ replied/);
  await expect(replied.getByRole('columnheader')).toHaveText([
    'Loss%',
    'Snt',
    'Lastµs',
    'Avgµs',
    'Bestµs',
    'Wrstµs',
    'StDevµs',
    'Jttrµs',
  ]);
  await expect(replied.getByRole('rowheader')).toHaveText([
    /docker0 host/,
    /veth4b1f2a0 host/,
    /eth0 web/,
    /eth0 web/,
    /veth4b1f2a0 host/,
    /docker0 host/,
  ]);
  const sent = replied.getByRole('row').last().getByRole('cell').nth(1);
  const before = Number(await sent.textContent());
  await expect.poll(async () => Number(await sent.textContent())).toBeGreaterThan(before);

  // The practice drop, once its time-out has made it final.
  const dropped = paths.getByRole('listitem').filter({ hasText: '203.0.113.66' }).first();
  await expect(dropped).toContainText(/\d+ dropped/, { timeout: 20_000 });
  if ((await dropped.getByRole('table').count()) === 0) await dropped.getByRole('button').click();
  await expect(dropped).toContainText(/× NETFILTER_DROP at docker0 in host/);
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
