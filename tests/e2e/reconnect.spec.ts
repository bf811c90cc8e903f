// The agent goes away and comes back; the page notices both by itself.
import { type Agent, startAgent } from './support/agent.ts';
import { namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

let agent: Agent | undefined;

test.skip(process.getuid?.() !== 0, 'needs root');

test.afterEach(async () => {
  await agent?.stop();
});

test('the page is back within 2 s of the agent', async ({ page, watch }) => {
  // What Chromium itself says about an address where nobody listens.
  watch.allowErrors(/WebSocket connection to .* failed/);
  agent = await startAgent({ lab: true });
  await page.goto(agent.url);
  const connection = page.getByRole('status').filter({ hasText: /live|reconnecting/ });
  await expect(connection).toContainText('live');
  await expect(namespaceBox(page, 'web')).toBeVisible();

  expect(await agent.stop()).toBe(0);
  await expect(connection).toContainText('reconnecting');
  await expect(page.getByText('The agent does not answer')).toBeVisible();

  agent = await startAgent({ lab: true, port: agent.port });
  await expect(connection).toContainText('live', { timeout: 2000 });
  await expect(page.getByText('The agent does not answer')).toHaveCount(0);
  await expect(namespaceBox(page, 'web')).toBeVisible();
});
