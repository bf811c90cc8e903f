// What the page says while something is missing: loading, a feature that is off, an agent that is gone. The agent is real; what a test
// changes of its frames on the way is said in the test.
import type { Page } from '@playwright/test';
import type { ServerFrame } from '../../packages/protocol/src/index.ts';
import { type Agent, startAgent } from './support/agent.ts';
import { namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ lab: true });
});

test.afterAll(async () => {
  await agent?.stop();
});

/** Every control frame goes through `change`; null holds it back. */
async function changeFrames(page: Page, change: (frame: ServerFrame) => ServerFrame | null): Promise<void> {
  await page.routeWebSocket('**/ws', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (typeof message !== 'string') return socket.send(message);
      const changed = change(JSON.parse(message) as ServerFrame);
      if (changed !== null) socket.send(JSON.stringify(changed));
    });
  });
}

test('says that it is reading the interfaces until it has them', async ({ page }) => {
  let isHeld = true;
  await changeFrames(page, (frame) => (isHeld && frame.type === 'topology' ? null : frame));
  await page.goto(agent.url);
  const loading = page.getByRole('region', { name: 'Loading' });
  await expect(loading).toContainText('Reading the interfaces of this machine');
  isHeld = false;
  await page.reload();
  await expect(namespaceBox(page, 'web')).toBeVisible();
  await expect(loading).toHaveCount(0);
});

test('says that there is nothing to draw where no namespace is known, and does not wait', async ({ page }) => {
  await changeFrames(page, (frame) => (frame.type === 'topology' ? { ...frame, topology: { namespaces: [] } } : frame));
  await page.goto(agent.url);
  await expect(page.getByRole('region', { name: 'Nothing to draw' })).toContainText('No network namespace is known');
  await expect(page.getByRole('region', { name: 'Loading' })).toHaveCount(0);
});

test('says what is off in this kernel, why, and what would mend it', async ({ page }) => {
  const why = 'this kernel has no tracepoint fib:fib_table_lookup';
  const mend = 'Use a kernel built with CONFIG_IP_MULTIPLE_TABLES.';
  await changeFrames(page, (frame) =>
    frame.type === 'hello'
      ? { ...frame, features: [...frame.features, { name: 'fib_table_lookup', state: 'off', why, mend }] }
      : frame,
  );
  await page.goto(agent.url);
  await page.getByRole('button', { name: '1 off' }).click();
  const said = page.getByRole('listitem').filter({ hasText: 'fib_table_lookup' });
  await expect(said).toContainText(why);
  await expect(said).toContainText(mend);
  await expect(page.getByRole('button', { name: 'Copy sudo npx hopscope doctor' })).toBeVisible();
  // All else works.
  await expect(page.getByRole('button', { name: /web → db/ }).first()).toBeVisible();
});

test('says what to do when the agent is gone', async ({ page, watch }) => {
  watch.allowErrors(/WebSocket connection to/);
  const other = await startAgent({ lab: true });
  await page.goto(other.url);
  await expect(namespaceBox(page, 'web')).toBeVisible();
  await other.stop();
  const banner = page.getByRole('region', { name: 'Connection' });
  await expect(banner).toContainText('The agent does not answer');
  await expect(banner).toContainText(`npm start -- --lab --port ${other.port}`);
  await expect(banner.getByRole('button', { name: 'Copy sudo npx hopscope doctor' })).toBeVisible();
});
