// Files for other programs from the Share menu, and what names and redaction make of everything that is shared.
import { originalsIn, watchOriginals } from './support/originals.ts';
import { playAsLive, type Replay, startReplay } from './support/replay.ts';
import { convert, openDrops, save, selectDrop } from './support/share.ts';
import { expect, test } from './support/test.ts';

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('drop-forward-drop', '--speed', '20');
});

test.afterAll(async () => {
  await replay.stop();
});

test('saves what is listed in the formats of other programs, and every entry is in the menu of commands', async ({
  page,
}) => {
  await openDrops(page, replay);
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
  await playAsLive(page, (frame) => {
    if (frame.type !== 'topology') return frame;
    const { namespaces } = frame.topology;
    const renamed = namespaces.map((each) => ({ ...each, names: each.names.map((own) => ({ ...own, text: name })) }));
    return { ...frame, topology: { namespaces: renamed } };
  });
  await openDrops(page, replay);
  const hostile = await save(page, 'save the whole map as SVG');
  convert(hostile.path);
  expect(hostile.content.toString()).toContain('a&quot;&gt;&lt;script&gt;');
});

test('a redacted page shares stand-ins alone', async ({ page }) => {
  const originals = watchOriginals(page);
  await openDrops(page, replay);
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
