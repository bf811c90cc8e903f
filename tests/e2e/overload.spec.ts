// What a page was not sent: it says how many records it missed, at which stage, and which paths may have holes by it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Locator, Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
import { hostBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

const ping = (...argv: string[]) => promisify(execFile)('ping', ['-n', '-q', ...argv]);

let agent: Agent | undefined;

test.skip(process.getuid?.() !== 0, 'needs root');

test.afterEach(async () => {
  await agent?.stop();
});

async function openPage(page: Page, argv: readonly string[]): Promise<Locator> {
  agent = await startAgent({ argv });
  await page.goto(agent.url);
  await expect(hostBox(page)).toBeVisible();
  await ping('-c', '3', '-i', '0.1', '127.0.0.1');
  const ledger = page.getByRole('button', { name: /seen · .* missed/ });
  await expect(ledger).toContainText(/[1-9]\d* delivered/);
  return ledger;
}

function ledgerRow(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
}

/** Stops the page's script where it is, as a debugger does; answers how to let it go on. */
async function stall(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
  await session.send('Debugger.pause');
  await paused;
  // Detaching lets it go on, at full speed again.
  return () => session.detach();
}

/** Rows that are not to be seen are not in the page: goes down the list until one is. */
async function scrollTo(page: Page, row: Locator): Promise<void> {
  await page.getByRole('list', { name: /^Recent exchanges/ }).hover();
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 400);
        return row.count();
      },
      { intervals: [50], timeout: 30_000 },
    )
    .toBeGreaterThan(0);
}

// A machine that is busy with something else needs a while to take in what came before the gap.
test.setTimeout(120_000);

test('a page that was cut off says so, and marks what may have holes', async ({ page }) => {
  let cut = () => {};
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    cut = () => {
      void server.close();
      void socket.close();
    };
  });
  const ledger = await openPage(page, []);
  await expect(ledger).toContainText(' 0 missed');
  // It comes back by itself within a second or two; these go on meanwhile.
  const traffic = ping('-c', '100', '-i', '0.05', '127.0.0.1');
  cut();
  await traffic;
  await expect(ledger).toContainText(/[1-9][\d,]* missed · was not connected/, { timeout: 30_000 });
  await ledger.click();
  const lost = ledgerRow(page, 'this page was not connected');
  await expect(lost.getByRole('cell').first()).toHaveText(/^[1-9][\d,]*$/);
  await expect(lost.getByRole('button', { name: 'Copy this page was not connected' })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Pause' }).click();
  const incomplete = page.getByRole('button').filter({ hasText: 'incomplete' });
  await scrollTo(page, incomplete);
  await incomplete.first().click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(
    /Incomplete: while it was under way, this page was not connected \([\d,]+\).*\. Its path may have holes\./,
  );
  await expect(page.locator('path.lit.is-uncertain').first()).toBeAttached();
});

test('a page that does not keep up says how much it was not sent, and why', async ({ page }) => {
  const ledger = await openPage(page, []);
  const goOn = await stall(page);
  // Far more records than the gateway sends ahead of a page's acknowledgement.
  await ping('-f', '-c', '8000', '127.0.0.1');
  await goOn();
  await expect(ledger).toContainText(/[1-9][\d,]* missed · (?:sampled|1 in \d+ sampled|this page too slow)/, {
    timeout: 30_000,
  });
  await ledger.click();
  const lost = ledgerRow(page, 'left out on purpose, whole packets, for this page').or(
    ledgerRow(page, 'this page could not keep up'),
  );
  await expect(lost.first().getByRole('cell').first()).toHaveText(/^[1-9][\d,]*$/);
});
