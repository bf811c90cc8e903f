// `npm run pictures`: takes the pictures of the README from the real page, on the practice host.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { Failure, main, root, step } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

const folder = join(root, 'docs', 'pictures');

/** Starts the agent on the practice host; resolves to its address and a way to end it. */
function startAgent() {
  const agent = spawn(process.execPath, [join(root, 'apps/agent/bin/hopscope.mjs'), 'serve', '--lab', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    agent.once('exit', (code) => reject(new Failure(`the agent ended (${code})`)));
    agent.stdout.on('data', (chunk) => {
      const [url] = String(chunk).match(/http:\/\/\S+/) ?? [];
      if (url !== undefined) resolve({ url, end: () => agent.kill('SIGINT') });
    });
  });
}

const dropped = (page) => page.getByRole('button', { name: /NETFILTER_DROP/ }).first();

async function openPage(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url);
  await dropped(page).waitFor();
  for (const notice of await page.getByRole('button', { name: 'Put this notice away' }).all()) await notice.click();
  return page;
}

/** A ping's way out and back, its reply in flight. */
async function pictureOfPath(browser, url) {
  const page = await openPage(browser, url);
  await page
    .getByRole('button', { name: /host.*web/ })
    .first()
    .click();
  await page.waitForTimeout(1700);
  await page.screenshot({ path: join(folder, 'page.png') });
  await page.close();
}

/** mtr's columns for every path. */
async function pictureOfPaths(browser, url) {
  const page = await openPage(browser, url);
  await page.getByRole('tab', { name: 'Paths' }).click();
  await page
    .getByText(/\d sent: /)
    .first()
    .waitFor();
  await page.screenshot({ path: join(folder, 'paths.png') });
  await page.close();
}

/** Where a packet died, and why. */
async function pictureOfDrop(browser, url) {
  const page = await openPage(browser, url);
  await dropped(page).click();
  await page.locator('g.drop').first().waitFor();
  // The rule is read from the machine's tables some ms after the drop.
  await page
    .getByRole('region', { name: 'Selected exchange' })
    .getByText(/chain forward/i)
    .waitFor();
  await page.waitForTimeout(1200);
  await page.screenshot({ path: join(folder, 'drop.png') });
  await page.close();
}

main(async () => {
  await setUp(['build', 'lab', 'test']);
  await build();
  const { chromium } = await import('@playwright/test');
  mkdirSync(folder, { recursive: true });
  const agent = await startAgent();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    await step('Taking docs/pictures/page.png', () => pictureOfPath(browser, agent.url));
    await step('Taking docs/pictures/drop.png', () => pictureOfDrop(browser, agent.url));
    await step('Taking docs/pictures/paths.png', () => pictureOfPaths(browser, agent.url));
  } finally {
    await browser.close();
    agent.end();
  }
});
