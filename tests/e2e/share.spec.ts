// Pictures from the Share menu, as the one gets them who downloads them, opened by a program of others.
import type { Page } from '@playwright/test';
import { type Replay, startReplay } from './support/replay.ts';
import { convert, openDrops, save, selectDrop, sizeOfPng } from './support/share.ts';
import { expect, test } from './support/test.ts';

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('drop-forward-drop', '--speed', '20');
});

test.afterAll(async () => {
  await replay.stop();
});

test('saves the map as SVG and as PNG of three sizes, with what it needs to be read alone', async ({ page }) => {
  await openDrops(page, replay);
  await selectDrop(page);
  await page.keyboard.press('.');
  const file = await save(page, 'save the map on the screen as SVG');
  expect(file.name).toMatch(/^hopscope-practice-map-\d{8}-\d{6}Z\.svg$/);
  const svg = file.content.toString();
  const [width, height] = convert(file.path);
  // Title, host, kernel, time, what was filtered and missed; names, drop sign, its words, the packet held at its hop.
  for (const text of [
    'web → outside #33.',
    'Dropped, NETFILTER_DROP at docker0 in host',
    '172.17.0.2 → 198.51.100.9 · ICMP',
    'practice (practice host) · Linux 6.',
    ' UTC',
    '3 exchanges listed, 3 drops · nothing is filtered out',
    'Complete: 24 hops seen in the kernel, none missed.',
    '>veth4b1f2a0</text>',
    '✕ dropped: NETFILTER_DROP',
    '>request #33.3</text>',
    ' packets/s',
  ]) {
    expect(svg.replaceAll('\u00a0', ' ')).toContain(text);
  }
  // Nothing from elsewhere, and no style that another program would have to know.
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|href|url\(|<style|class=|var\(/);
  for (const scale of [1, 2, 4]) {
    const png = await save(page, `save the map on the screen as PNG ${scale}×`);
    expect(png.name).toMatch(new RegExp(`^hopscope-practice-map-.*@${scale}x\\.png$`));
    expect(sizeOfPng(png.content)).toEqual([width * scale, height * scale]);
    if (scale === 1) expect(await inkOf(page, png.content)).toBeGreaterThan(2000);
  }
});

/** How many pixels of the picture are nearly black: its letters. */
function inkOf(page: Page, png: Buffer): Promise<number> {
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    if (context === null) return 0;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let dark = 0;
    for (let i = 0; i < data.length; i += 4) {
      if ((data[i] ?? 255) + (data[i + 1] ?? 255) + (data[i + 2] ?? 255) < 200) dark++;
    }
    return dark;
  }, png.toString('base64'));
}

test('leaves out what is not on the screen, unless the whole map is asked for', async ({ page }) => {
  await openDrops(page, replay);
  await page.keyboard.press('g');
  await page.keyboard.type('db');
  await page.keyboard.press('Enter');
  for (let i = 0; i < 6; i++) await page.keyboard.press('+');
  await expect(async () => {
    const { content } = await save(page, 'save the map on the screen as SVG');
    expect(content.toString()).toContain('172.17.0.3');
    expect(content.toString()).not.toContain('lan0');
  }).toPass();
  const whole = await save(page, 'save the whole map as SVG');
  convert(whole.path);
  for (const name of ['lan0', '172.17.0.3/16', 'docker0']) expect(whole.content.toString()).toContain(name);
});

test('saves the waterfall, and copies a picture', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openDrops(page, replay);
  await selectDrop(page);
  const { content, path } = await save(page, 'save the waterfall as SVG');
  convert(path);
  for (const text of ['in chain FORWARD', '>docker0<', '>eth0<', 'dropped after', ' µs<']) {
    expect(content.toString().replaceAll('\u00a0', ' ')).toContain(text);
  }
  // By keyboard alone.
  await page.keyboard.press('e');
  const copy = page.getByRole('menuitem', { name: 'copy a picture of the waterfall' });
  while (!(await copy.evaluate((item) => item === document.activeElement))) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^Copied: 1920 × \d+ pixels$/)).toBeVisible();
  const types = await page.evaluate(async () => (await navigator.clipboard.read()).flatMap((item) => [...item.types]));
  expect(types).toEqual(['image/png']);
});
