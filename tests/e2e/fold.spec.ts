// Idle namespaces in one quiet box: folded by button, key and menu; unfolded one by one, all, or by a packet; kept over a reload and in the address.
import type { Page } from '@playwright/test';
import { sampleTopology } from '../../apps/web/src/graph/sample-topology.ts';
import { type BridgedEnd, createEchoMaker } from './support/echo-records.ts';
import { type FedAgent, startFedAgent } from './support/fed-agent.ts';
import { namespaceBox, readPlaces } from './support/map.ts';
import { expect, test } from './support/test.ts';

const COUNT = 6;
const containers = Array.from({ length: COUNT }, (_, i) => ({ number: i + 2, bridges: [0] }));
const end = (number: number): BridgedEnd => ({ netns: number, ifindex: 2, port: 100 + number * 10, host: number });
const ping = (from: number, to: number) => createEchoMaker().batch(end(from), end(to), 3, 1e9);

let agent: FedAgent | undefined;

test.afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

const folded = (page: Page) => page.getByRole('button', { name: /folded namespaces?:/ });

/** app-2 and app-3 have spoken; the other four have not. */
async function openFolded(page: Page): Promise<void> {
  agent = await startFedAgent(sampleTopology(1, containers));
  await page.goto(agent.url);
  await expect(page.locator('g.ns')).toHaveCount(COUNT + 1);
  await agent.sendHops(ping(2, 3));
  await expect(page.getByText('3 exchanges')).toBeVisible();
  // Places in graph space: the picture may grow when there is less of it.
  await page.getByRole('button', { name: 'Fold idle namespaces' }).click();
  await expect(folded(page)).toHaveAccessibleName('4 folded namespaces: app-4, app-5, app-6, app-7');
}

test('one action folds what is idle, and nothing else moves; another unfolds all, where it was', async ({ page }) => {
  agent = await startFedAgent(sampleTopology(1, containers));
  await page.goto(agent.url);
  await expect(page.locator('g.ns')).toHaveCount(COUNT + 1);
  await agent.sendHops(ping(2, 3));
  await expect(page.getByText('3 exchanges')).toBeVisible();
  // The camera stays where it is from here on.
  await page.keyboard.press('-');
  await page.keyboard.press('+');
  const before = await readPlaces(page);
  await page.keyboard.press('i');
  await expect(folded(page)).toBeVisible();
  await expect(page.locator('g.ns')).toHaveCount(3);
  const after = await readPlaces(page);
  for (const title of ['app-2', 'app-3']) {
    const id = (await namespaceBox(page, title).getAttribute('data-netns')) ?? '';
    expect(after[id]).toEqual(before[id]);
  }
  await page.getByRole('button', { name: 'Unfold all namespaces' }).click();
  await expect(page.locator('g.ns')).toHaveCount(COUNT + 1);
  await expect(folded(page)).toHaveCount(0);
  expect(await readPlaces(page)).toEqual(before);
});

test('the box names what is in it, and one can be unfolded by keyboard', async ({ page }) => {
  await openFolded(page);
  await folded(page).focus();
  await page.keyboard.press('Enter');
  const card = page.getByRole('region', { name: 'On the map' });
  await expect(card).toContainText('4 folded namespaces');
  await card.getByRole('button', { name: 'Unfold app-5' }).press('Enter');
  await expect(namespaceBox(page, 'app-5')).toBeVisible();
  await expect(folded(page)).toHaveAccessibleName('3 folded namespaces: app-4, app-6, app-7');
  await page.keyboard.press('Escape');
  // And one by one the other way.
  await page.keyboard.press('g');
  await page.keyboard.type('app-5');
  await page.keyboard.press('Enter');
  await card.getByRole('button', { name: 'Fold this namespace' }).click();
  await expect(folded(page)).toHaveAccessibleName(/^4 folded/);
  // What is found by search comes out of the fold.
  await page.keyboard.press('g');
  await page.keyboard.type('app-6');
  await page.keyboard.press('Enter');
  await expect(namespaceBox(page, 'app-6')).toBeVisible();
});

test('it is kept over a reload and in the address, and a packet wakes what it enters', async ({ page, context }) => {
  await openFolded(page);
  await expect(page).toHaveURL(/fold=c4,c5,c6,c7/);
  const address = page.url();
  await page.reload();
  await expect(folded(page)).toHaveAccessibleName(/^4 folded/);
  // In the browser too: without the address.
  await page.goto(agent?.url ?? '');
  await page.reload();
  await expect(folded(page)).toHaveAccessibleName(/^4 folded/);
  const other = await context.newPage();
  await other.goto(address);
  await expect(folded(other)).toHaveAccessibleName(/^4 folded/);
  await other.close();

  await agent?.sendHops(createEchoMaker().batch(end(2), end(4), 1, 3e9));
  await expect(namespaceBox(page, 'app-4')).toBeVisible();
  await expect(folded(page)).toHaveAccessibleName('3 folded namespaces: app-5, app-6, app-7');
});
