// Pictures and files from the Share menu, as the one gets them who downloads them. A picture is opened by a program of others.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { ServerFrame } from '../../packages/protocol/src/index.ts';
import { originalsIn, watchOriginals } from './support/originals.ts';
import { type Replay, startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('drop-forward-drop', '--speed', '20');
});

test.afterAll(async () => {
  await replay.stop();
});

async function openRecording(page: Page): Promise<void> {
  await page.goto(replay.url);
  await expect(page.getByText('3 exchanges', { exact: false }).first()).toBeVisible({ timeout: 20_000 });
}

async function selectDrop(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'Selected exchange' })).toBeVisible();
}

/** Chooses it in the Share menu. */
async function save(page: Page, name: string): Promise<{ name: string; content: Buffer; path: string }> {
  await page.getByRole('button', { name: 'Share' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name, exact: true }).click(),
  ]);
  const path = await file.path();
  return { name: file.suggestedFilename(), content: readFileSync(path), path };
}

/** Opens it with librsvg, which refuses what is not well formed. @returns width and height of the picture made of it */
function convert(path: string): [number, number] {
  return sizeOfPng(execFileSync('rsvg-convert', [path], { maxBuffer: 64 * 1024 * 1024 }));
}

const sizeOfPng = (png: Buffer): [number, number] => {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
};

test('saves the map as SVG and as PNG of three sizes, with what it needs to be read alone', async ({ page }) => {
  await openRecording(page);
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
  await openRecording(page);
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
  await openRecording(page);
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

test('saves what is listed in the formats of other programs, and every entry is in the menu of commands', async ({
  page,
}) => {
  await openRecording(page);
  const textOf = async (name: string) => (await save(page, name)).content.toString();
  const lines = (await textOf('save all that is listed as JSON lines')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { verdict: string }).verdict)).toEqual(Array(3).fill('dropped'));
  expect(await textOf('save all that is listed as Markdown')).toContain('NETFILTER\\_DROP');
  expect(await textOf('save all that is listed as CSV of paths')).toMatch(/^path,protocol,source/);
  expect(await textOf('save the topology as Mermaid')).toMatch(/^flowchart LR\n/);
  expect(await textOf('save the topology as DOT')).toMatch(/^graph hopscope \{/);
  const pcapng = await save(page, 'save all that is listed as pcapng');
  expect(pcapng.name).toMatch(/^hopscope-practice-exchanges-.*\.pcapng$/);
  expect(pcapng.content.readUInt32LE(0)).toBe(0x0a0d0d0a);
  await selectDrop(page);
  const trace = JSON.parse(await textOf('save the selected exchange as OTLP')) as { resourceSpans: object[] };
  expect(trace.resourceSpans).toHaveLength(1);
  expect((await textOf('save the selected exchange as JSON lines')).trim().split('\n')).toHaveLength(1);

  await page.getByRole('button', { name: 'Share' }).click();
  const items = page.getByRole('menu', { name: 'Share' }).getByRole('menuitem');
  const names = await items.evaluateAll((all) => all.map((item) => item.getAttribute('aria-label') ?? ''));
  expect(names.length).toBeGreaterThan(20);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Menu' }).click();
  for (const name of names) await expect(page.getByRole('menuitem', { name, exact: true })).toHaveCount(1);
});

test('names with markup are text', async ({ page }) => {
  const name = 'a"><script>1</script>&amp;]]>\u0001';
  await page.routeWebSocket('**/ws', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      const frame = typeof message === 'string' ? (JSON.parse(message) as ServerFrame) : null;
      if (frame?.type !== 'topology') return socket.send(message);
      const { namespaces } = frame.topology;
      const renamed = namespaces.map((each) => ({ ...each, names: [{ ...each.names[0], text: name }] }));
      socket.send(JSON.stringify({ ...frame, topology: { namespaces: renamed } }));
    });
  });
  await openRecording(page);
  const hostile = await save(page, 'save the whole map as SVG');
  convert(hostile.path);
  expect(hostile.content.toString()).toContain('a&quot;&gt;&lt;script&gt;');
});

test('a redacted page shares stand-ins alone', async ({ page }) => {
  const originals = watchOriginals(page);
  await openRecording(page);
  await page.getByRole('button', { name: /Display/ }).click();
  await page.getByLabel('Redact addresses').check();
  await expect(page.locator('.chip-redacted')).toBeVisible();
  await page.keyboard.press('Escape');
  for (const what of ['the whole map as SVG', 'all that is listed as Markdown', 'all that is listed as JSON lines']) {
    const { content, name: fileName } = await save(page, `save ${what}`);
    // What the page itself calls it; this recording's machine has half of it as its name.
    const told = `${content} ${fileName}`.replaceAll('practice host', '');
    expect(originalsIn(told, originals()), what).toEqual([]);
    if (what.endsWith('SVG')) expect(content.toString()).toContain('Redacted: addresses and names are stand-ins.');
  }
});
