// One exchange close up: the waterfall, what each hop changed in the headers, path statistics.
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

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
});

test('draws request and reply in one waterfall, and says at each hop what changed in the headers', async ({ page }) => {
  const row = page.getByRole('button', { name: /web → outside/ }).filter({ hasText: '10' });
  await row.first().click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  const picture = detail.getByRole('figure', { name: 'Time at each device' });
  // Five devices, each crossed out and back.
  await expect(picture.getByRole('listitem')).toHaveText([
    /^eth0 web$/,
    /^veth\w+ host$/,
    /^docker0 host$/,
    /^eth0 host$/,
    /^lan0 outside$/,
  ]);
  await expect(picture.getByRole('img', { name: /^10 hops at 5 devices in [\d.]+\s[µm]s/ })).toBeVisible();
  await expect(picture.locator('g.direction-request')).toHaveCount(5);
  await expect(picture.locator('g.direction-reply')).toHaveCount(5);
  await expect(picture.locator('.flow-axis text').nth(1)).toHaveText(/^\d+\s(?:µs|ms)$/);
  await expect(picture.locator('rect.is-stage title').first()).toHaveText(/^1: queued → transmitted: [\d.]+\s\S+$/);

  // Routed and masqueraded on the way out: the fourth hop.
  const changes = detail.getByRole('list', { name: 'Changed since the last hop' });
  const routed = changes.first().getByRole('listitem');
  const mac = '(?:[\\da-f]{2}:){5}[\\da-f]{2}';
  await expect(routed).toHaveText([
    new RegExp(`^src MAC ${mac} → ${mac}$`),
    new RegExp(`^dst MAC ${mac} → ${mac}$`),
    /^source NATed 172\.17\.0\.2 → 192\.0\.2\.2$/,
    /^TTL 64 → 63$/,
  ]);
  await expect(routed.last().locator('del')).toHaveText('64');
  await expect(routed.last().locator('ins')).toHaveText('63');
  await expect(changes.last()).toContainText(/destination NATed 192\.0\.2\.2 → 172\.17\.0\.2/);
});

test('sorts the hops of a path by any column, and draws its round trips with percentiles', async ({ page }) => {
  await page.getByRole('tab', { name: 'Paths' }).click();
  const paths = page.getByRole('region', { name: 'Path statistics' });
  const path = paths.getByRole('listitem').filter({ hasText: '172.17.0.2 → 198.51.100.9' });
  await expect(
    path.getByRole('img', { name: /^Round trips of the latest \d+\spings, up to [\d.]+\s\S+, 0 not answered$/ }),
  ).toBeVisible();
  const percentiles = path.locator('.trips-figures');
  await expect(percentiles).toHaveText(/p50[\d.]+\s[µm]sp95[\d.]+\s[µm]sp99[\d.]+\s[µm]s/);
  const places = path.getByRole('rowheader');
  await expect(places.first()).toContainText('web');
  const last = path.getByRole('columnheader', { name: /^Last/ });
  await last.getByRole('button').click();
  await expect(last).toHaveAttribute('aria-sort', 'descending');
  // The longest since the first hop is the last one of the reply.
  await expect(places.first()).toHaveText(/reply eth0 web/);
  await last.getByRole('button').click();
  await expect(last).toHaveAttribute('aria-sort', 'ascending');
  await expect(places.first()).toHaveText(/request eth0 web/);
  await last.getByRole('button').click();
  await expect(last).not.toHaveAttribute('aria-sort');
});
