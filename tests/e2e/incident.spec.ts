// An incident as one HTML file: opened from disk, with no server and no network, by whoever got it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { dropFile } from './support/drop-file.ts';
import { startFirefox } from './support/firefox.ts';
import { startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

const PROGRAM = join(import.meta.dirname, '../../apps/agent/bin/hopscope.mjs');
const RECORDINGS = join(import.meta.dirname, '../../recordings');
const TITLE = 'Web cannot reach <b>203.0.113.66</b>';
const NOTES = 'Since the rollout & only from db.';

const folder = mkdtempSync(join(tmpdir(), 'hopscope-incident-'));
test.afterAll(() => rmSync(folder, { recursive: true }));

const hopscope = (...args: string[]) => spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });

/** @returns the file */
function exportPage(recording: string, ...flags: string[]): string {
  const file = join(folder, `${recording}.html`);
  const argv = [join(RECORDINGS, `${recording}.hops`), '-o', file, '--force', ...flags];
  expect(hopscope('export', ...argv).status).toBe(0);
  return file;
}

/** Every request but the one for the file itself. */
function watchRequests(page: Page): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') || !request.isNavigationRequest()) urls.push(request.url());
  });
  return urls;
}

const about = (page: Page) => page.getByRole('region', { name: 'About this recording' });
const selected = (page: Page) => page.getByRole('region', { name: 'Selected exchange' });

test('opens from disk with its cover, at the exchange that failed, and asks nobody for anything', async ({ page }) => {
  const file = exportPage('mixed', '--title', TITLE, '--notes', NOTES);
  const requests = watchRequests(page);
  await page.goto(pathToFileURL(file).href);
  await expect(about(page).getByRole('heading', { name: TITLE })).toBeVisible();
  for (const text of [
    NOTES,
    'practice, Linux 6.18',
    'UTC',
    'local time',
    'none: all that Hopscope sees',
    'Nothing is missing',
  ])
    await expect(about(page)).toContainText(text);
  await expect(selected(page)).toContainText('Dropped. Probably the firewall rule');
  await page.keyboard.press('Escape');
  // Map, waterfall, statistics, comparison, ledger, replay: as on every page.
  await expect(page.getByText(/^✓?\s*[\d,]+ seen/)).toBeVisible();
  await page.getByRole('slider', { name: 'Moment shown' }).focus();
  await page.keyboard.press('End');
  await expect(page.getByText('12 exchanges').first()).toBeVisible();
  await page.getByRole('tab', { name: 'Paths' }).click();
  await expect(page.getByText(/172\.17\.0\.3 → 203\.0\.113\.66/).first()).toBeVisible();
  expect(requests.filter((url) => !/^(data|blob):/.test(url))).toEqual([]);
});

test('400 exchanges fit into 1 MB, and are there', async ({ page }) => {
  const file = exportPage('flood');
  expect(statSync(file).size).toBeLessThan(1_000_000);
  await page.goto(pathToFileURL(file).href);
  await page.getByRole('slider', { name: 'Moment shown' }).focus();
  await page.keyboard.press('End');
  await expect(page.getByText('400 exchanges').first()).toBeVisible({ timeout: 20_000 });
});

test('is shared from the page with title and notes, and opens again: on a page, in a terminal, as a replay', async ({
  page,
}) => {
  const replay = await startReplay('mixed', '--speed', '20');
  try {
    await page.goto(replay.url);
    await expect(page.getByText('12 exchanges').first()).toBeVisible({ timeout: 20_000 });
    await page
      .getByRole('button', { name: /203\.0\.113\.66|NETFILTER_DROP/ })
      .last()
      .click();
    await expect(selected(page)).toContainText('Dropped');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('menuitem', { name: /HTML page/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Share as one page' });
    await dialog.getByLabel('Title').fill(TITLE);
    await dialog.getByLabel('Notes').fill(NOTES);
    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Save the page' }).click();
    const file = join(folder, 'shared.html');
    await (await download).saveAs(file);

    await page.goto(pathToFileURL(file).href);
    await expect(about(page).getByRole('heading', { name: TITLE })).toBeVisible();
    await expect(about(page)).toContainText(NOTES);
    await expect(selected(page)).toContainText('Dropped');

    const original = hopscope('trace', '-r', join(RECORDINGS, 'mixed.hops'), '--json');
    expect(hopscope('trace', '-r', file, '--json').stdout).toBe(original.stdout);
    await page.goto(replay.url);
    await expect(page.getByText('12 exchanges').first()).toBeVisible({ timeout: 20_000 });
    await dropFile(page, readFileSync(file), 'shared.html');
    await expect(page.getByRole('button', { name: 'Back to live' })).toBeVisible();
  } finally {
    await replay.stop();
  }
});

test('a page that is cut or changed says so', async ({ page, watch }) => {
  watch.allowErrors(/content security policy|Refused to execute|violates the following/i);
  const whole = readFileSync(exportPage('nat'), 'utf8');
  const file = join(folder, 'changed.html');
  // Base64 of something else.
  writeFileSync(file, whole.replace(/(id="hopscope-recording">)[^<]*/, '$1QUJD'));
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByText(/this is no Hopscope recording/)).toBeVisible();
  // A script that somebody put in does not run: its hash is not the one that the file names.
  writeFileSync(
    file,
    whole.replace('<div id="root">', '<script>document.title = "taken over"</script><div id="root">'),
  );
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByText(/^✓?\s*[\d,]+ seen/)).toBeVisible();
  await expect(page).toHaveTitle(/Hopscope/);
  const cut = join(folder, 'cut.html');
  writeFileSync(cut, whole.slice(0, 30_000));
  const { status, stderr } = hopscope('trace', '-r', cut);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/the page is cut: there is no whole recording in it\n$/)]);
});

test('Firefox draws it', async () => {
  test.setTimeout(90_000);
  const firefox = await startFirefox();
  try {
    await firefox.open(pathToFileURL(exportPage('mixed', '--title', TITLE)).href);
    const text = () => firefox.run<string>('return document.body.innerText');
    for (const said of [TITLE, 'NETFILTER_DROP', 'Probably the firewall rule']) {
      await expect.poll(text, { timeout: 20_000 }).toContain(said);
    }
    expect(await firefox.run('return document.querySelectorAll("svg g.drop").length')).toBe(1);
    expect(await firefox.run('return performance.getEntriesByType("resource").length')).toBe(0);
    writeFileSync('artifacts/screenshots/incident-firefox.png', await firefox.screenshot());
  } finally {
    await firefox.stop();
  }
});
