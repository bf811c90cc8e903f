// A UDP packet that nobody listens for: the page shows what kind it is, the error that came back, and what that quotes.
import { type Agent, startAgent } from './support/agent.ts';
import { expect, test } from './support/test.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ lab: true, argv: ['--fault', 'udp-no-listener', '--filter-proto', 'icmp,udp'] });
});

test.afterAll(async () => {
  await agent?.stop();
});

test('shows an ICMP error on the path of the packet that it quotes', async ({ page }) => {
  await page.goto(agent.url);
  const row = page.getByRole('button', { name: /web → db.*port unreachable.*UDP \d+ → 9\b/ });
  await row.first().click({ timeout: 15_000 });
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/172\.17\.0\.2:\d+ → 172\.17\.0\.3:9 UDP/);
  await expect(detail).toContainText(/Answered by an error\. No program listens on UDP port 9/);
  const error = detail.getByRole('list', { name: 'ICMP errors about it' }).getByRole('listitem');
  await expect(error).toHaveText(
    /port unreachable from db \(172\.17\.0\.3\), when the packet was at eth0 in db\s*quoting 172\.17\.0\.2:\d+ → 172\.17\.0\.3:9 UDP/,
  );
  // The packet's four hops, then the four of the error back to it.
  await expect(detail.getByRole('rowheader')).toHaveText(
    ['eth0', 'veth4b1f2a0', 'veth9c07d3e', 'eth0', 'eth0', 'veth9c07d3e', 'veth4b1f2a0', 'eth0'].map(
      (device, i) => new RegExp(`^${i + 1}\\s*${device}`),
    ),
  );
  await expect(page.locator('g.badge-error')).toHaveCount(4);
  await expect(page.getByText('■ UDP, TCP', { exact: true })).toBeVisible();
});
