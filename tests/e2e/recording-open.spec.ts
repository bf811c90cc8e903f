// A recording opened by the page itself, without any server part: dropped or chosen, sought, played, left again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { type Companion, startCompanion } from '../netns/support/child.ts';
import { dropFile } from './support/drop-file.ts';
import { expect, test } from './support/test.ts';

const PROGRAM = join(import.meta.dirname, '../../apps/agent/bin/hopscope.mjs');
const RECORDINGS = join(import.meta.dirname, '../../recordings');
const NAT = readFileSync(join(RECORDINGS, 'nat.hops'));
const FLOOD = readFileSync(join(RECORDINGS, 'flood.hops'));

let agent: Companion;
let url = '';

// A page of its own shows a recording already; what is dropped takes its place.
test.beforeAll(async () => {
  agent = startCompanion(
    [process.execPath, PROGRAM, 'replay', join(RECORDINGS, 'vxlan.hops'), '--speed', '20', '--port', '0'],
    {},
    'TERM',
  );
  url = /http:\S+$/.exec(await agent.waitForLine(/on http:\/\/\S+:\d+$/))?.[0] ?? '';
});
test.afterAll(() => agent.stop('SIGTERM'));

const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Moment shown' });
const position = (page: Page): Locator => page.locator('.player-position');
const notices = (page: Page): Locator => page.getByRole('list', { name: 'Notices from the agent' });

test('what the agent plays can be sought anywhere, at once', async ({ page }) => {
  await page.goto(url);
  await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
  await slider(page).focus();
  await page.keyboard.press('Home');
  await expect(page.getByText('6 exchanges')).toHaveCount(0);
  await page.keyboard.press('End');
  await expect(page.getByText('6 exchanges')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Back to live' })).toHaveCount(0);
});

test('a file that is dropped is shown, played, repeated and explained', async ({ page }) => {
  await page.goto(url);
  await expect(position(page)).toBeVisible();
  await dropFile(page, NAT, 'nat.hops');
  await expect(page.getByText(/^from 2026-11-22 22:25 UTC$/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Speed of the recording' }).selectOption('10');
  await page.getByRole('button', { name: 'Repeat the recording' }).click();
  await expect(page.getByText('6 exchanges')).toBeVisible();
  // Past its end it begins anew.
  await expect(page.getByText('6 exchanges')).toHaveCount(0);
  await expect(page.getByText('6 exchanges')).toBeVisible();
  await page.getByRole('button', { name: 'Pause the recording' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'recording, paused' })).toBeVisible();
  await page.getByRole('button', { name: /about it$/ }).click();
  const about = page.getByRole('region', { name: 'About this recording' });
  await expect(about).toContainText('2026-11-22 22:25:02.1 – 22:25:07.1 UTC');
  await expect(about).toContainText('local time (UTC');
  await expect(about).toContainText('Nothing is missing');
  await expect(about).toContainText('A container pings the world');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Timeline' }).getByText('its end')).toBeVisible();
});

test('a file is chosen in the menu, its exchanges are selected, and it is saved as it was', async ({ page }) => {
  await page.goto(url);
  await page.getByRole('button', { name: 'Menu', exact: true }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: 'open a recording' }).click();
  await (await chooser).setFiles(join(RECORDINGS, 'drop-forward-drop.hops'));
  await expect(page.getByRole('button', { name: /NETFILTER_DROP/ }).first()).toBeVisible({ timeout: 20_000 });
  await page
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'Selected exchange' })).toContainText('firewall rule');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save this recording' }).click();
  const path = await (await download).path();
  expect(readFileSync(path)).toEqual(readFileSync(join(RECORDINGS, 'drop-forward-drop.hops')));
});

test('a bad file is told in one line, and what was shown stays', async ({ page }) => {
  await page.goto(url);
  await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
  const newer = Buffer.from(NAT);
  newer.writeUInt16LE(9, 8);
  const bomb = Buffer.from(NAT);
  const firstBlock = 16 + NAT.readUInt32LE(12);
  bomb.writeUInt32LE(0xffff_ffff, firstBlock + 8);
  for (const [name, bytes, said] of [
    ['letter.txt', Buffer.from('Dear all'), /letter\.txt: this is no Hopscope recording/],
    ['newer.hops', newer, /newer\.hops: this recording has version 9/],
    ['cut.hops', NAT.subarray(0, 900), /cut\.hops: the file ends at byte 900, inside of its header/],
    ['bomb.hops', bomb, /bomb\.hops: nothing to show: at byte \d+: a block of 4294967295 bytes unpacked, at most/],
  ] as const) {
    await dropFile(page, bytes, name);
    await expect(notices(page).getByText(said)).toBeVisible();
    await expect(page.getByText('6 exchanges')).toBeVisible();
    await expect(page.getByText(/^from 2026/)).toBeVisible();
  }
  // 4 GB, of which not a byte is read.
  await dropFile(page, Buffer.alloc(0), 'huge.hops', 4 * 1024 ** 3);
  await expect(notices(page).getByText(/huge\.hops has 4\.0 GiB, a page opens up to 256 MiB/)).toBeVisible();
});

test('of a file that was cut, what is whole is shown, and it says so', async ({ page }) => {
  await page.goto(url);
  await dropFile(page, FLOOD.subarray(0, FLOOD.byteLength - 60), 'cut.hops');
  await page.getByRole('button', { name: /about it$/ }).click();
  const about = page.getByRole('region', { name: 'About this recording' });
  await expect(about).toContainText(/The file is not whole: at byte \d+: .*: the \d+ hops before it are shown/);
});

test('redaction holds for a file as well, also for what is saved of it', async ({ page }) => {
  await page.goto(url);
  await dropFile(page, NAT, 'nat-of-atlas.hops');
  await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
  await page.getByRole('button', { name: /^Display/ }).click();
  await page.getByRole('checkbox', { name: /^Redact/ }).check();
  await expect(page.locator('.map')).not.toContainText('172.17.0.2');
  await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('body')).not.toContainText(/172\.17\.0\.2|atlas|veth4b1f2a0/);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save this recording' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).not.toContain('atlas');
  await dropFile(page, readFileSync(await saved.path()), 'again.hops');
  await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
});
