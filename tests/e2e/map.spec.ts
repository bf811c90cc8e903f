// The map of a machine with 100 namespaces and 400 interfaces, that no test could build: fed to the real gateway.
import type { Topology } from '@hopscope/protocol';
import type { Locator, Page } from '@playwright/test';
import { sampleTopology } from '../../apps/web/src/graph/sample-topology.ts';
import { createEchoMaker } from './support/echo-records.ts';
import { type FedAgent, startFedAgent } from './support/fed-agent.ts';
import { expect, test } from './support/test.ts';

const containers = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ number: i + 2, bridges: i % 2 === 0 ? [0] : [0, 1] }));

let agent: FedAgent | undefined;

test.afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function openMap(page: Page, count: number, change = (topology: Topology) => topology): Promise<void> {
  agent = await startFedAgent(change(sampleTopology(2, containers(count))));
  await page.goto(agent.url);
  await expect(page.locator('g.ns')).toHaveCount(count + 1);
}

/** Height of every text on the map that is to be seen, on the screen, in CSS pixels. */
function typeSizes(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<SVGTextElement>('.map-svg text')]
      .filter((text) => text.textContent !== '' && text.checkVisibility({ visibilityProperty: true }))
      .map((text) => {
        const matrix = text.getScreenCTM();
        // Also right for text that is turned.
        const scale = matrix === null ? 0 : Math.hypot(matrix.a, matrix.b);
        return Number.parseFloat(getComputedStyle(text).fontSize) * scale;
      }),
  );
}

const smallest = async (page: Page): Promise<number> => Math.min(...(await typeSizes(page)));

test('100 namespaces fit on the screen, by name, and nothing is too small to read', async ({ page }) => {
  await openMap(page, 100);
  const titles = page.locator('g.cover .cover-title');
  await expect(titles).toHaveCount(100);
  await expect(titles.filter({ hasText: /^app-101$/ })).toBeInViewport();
  await expect(page.locator('g.cover').first()).toContainText(/interfaces|if$/);
  expect(await smallest(page)).toBeGreaterThanOrEqual(9);
  // Their colours have a scale, as long as they have any.
  const scale = page.locator('.legend-heat');
  await expect(scale).toHaveText(/^0.*1.*100.*10,000.*packets\/s in a namespace$/);
  await expect(scale).toBeVisible();

  // Nearer: names; nearer still: addresses, without anything moving in between.
  const places = () =>
    page.locator('g.ns').evaluateAll((boxes) => boxes.map((box) => box.getAttribute('transform')).join());
  const before = await places();
  const zoomIn = page.getByRole('button', { name: 'Zoom in' });
  const address = page.locator('.device-detail').filter({ hasText: /^172\.17\.0\./ });
  await expect(address).toHaveCount(0);
  await expect
    .poll(async () => {
      await zoomIn.click();
      expect(await smallest(page)).toBeGreaterThanOrEqual(9);
      return address.count();
    })
    .toBeGreaterThan(100);
  await expect(page.locator('g.cover')).toHaveCount(0);
  await expect(scale).toBeHidden();
  expect(await places()).toBe(before);
});

test('what is seen of 8 containers can be read without zooming', async ({ page }) => {
  await openMap(page, 8);
  await expect(page.locator('.device-detail').filter({ hasText: '172.17.0.9' })).toBeInViewport();
  await expect(page.locator('.stack-detail').filter({ hasText: '172.17.0.1' }).first()).toBeInViewport();
  expect(await smallest(page)).toBeGreaterThanOrEqual(9);
});

const end = (number: number) => ({ netns: number, ifindex: 2, port: 100 + number * 10, host: number });

/** Ten pings from app-2 to app-3. */
async function ping(): Promise<void> {
  await agent?.sendHops(createEchoMaker().batch(end(2), end(3), 10, 1e9));
}

/** By the start of its edge: the kind and the first end. */
const wire = (page: Page, edge: string): Locator => page.locator(`g.wire-group[data-edge^="${edge}"]`);

/** The middle of a wire, in page coordinates. */
function middleOf(group: Locator): Promise<{ x: number; y: number }> {
  return group.locator('path.wire').evaluate((element) => {
    const path = element as unknown as SVGPathElement;
    const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM() ?? undefined);
    return { x: at.x, y: at.y };
  });
}

test('a wire is as thick as its rate, and says both ends, rate and drops when pointed at', async ({ page }) => {
  await openMap(page, 3);
  await ping();
  const busy = wire(page, 'veth:device:c1/120');
  const idle = wire(page, 'veth:device:c1/140');
  const width = (group: Locator) =>
    group.locator('path.wire').evaluate((path) => Number.parseFloat(getComputedStyle(path).strokeWidth));
  await expect.poll(async () => (await width(busy)) - (await width(idle))).toBeGreaterThan(0.5);

  const at = await middleOf(busy);
  await page.mouse.move(at.x, at.y);
  const card = page.getByRole('region', { name: 'On the map' });
  await expect(card).toContainText('veth120 (build-7) ⇄ eth0 (app-2)');
  await expect(card.getByRole('row', { name: /^packets/ })).toContainText('10 out, 10 in');
  await expect(card.getByRole('row', { name: /^MTU/ })).toContainText('1500');
  await expect(page.locator('g.device.is-focus')).toHaveCount(2);
  await page.mouse.move(at.x, 700);
  await expect(card).toHaveCount(0);

  await page.mouse.click(at.x, at.y);
  await page.mouse.move(at.x, 700);
  await expect(card).toContainText('app-2');
  await page.keyboard.press('Escape');
  await expect(card).toHaveCount(0);
});

test('what does not fit together has a sign, and says what it is', async ({ page }) => {
  await openMap(page, 3, ({ namespaces }) => ({
    namespaces: namespaces.map((each) =>
      each.cookie === '2'
        ? { ...each, links: each.links.map((link) => (link.name === 'eth0' ? { ...link, mtu: 1400 } : link)) }
        : each,
    ),
  }));
  const signs = page.getByRole('img', { name: /^Mismatch: MTU/ });
  await expect(signs).toHaveCount(2);
  await signs.first().click();
  const card = page.getByRole('region', { name: 'On the map' });
  await expect(card).toContainText(/MTU 1500 here, 1400 at the other end \(eth0 in app-2\)/);
});

test('the search finds an address among 100 namespaces, goes there and keeps it bright; the small map goes elsewhere', async ({
  page,
}) => {
  await openMap(page, 100);
  const minimap = page.locator('.minimap');
  await expect(minimap).toBeHidden();
  await page.keyboard.press('g');
  const field = page.getByRole('combobox', { name: /^Find a namespace/ });
  await expect(field).toBeFocused();
  await field.fill('172.17.0.77');
  await expect(page.getByRole('option')).toHaveCount(1);
  await expect(page.getByRole('option')).toContainText('veth in app-77');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('option')).toHaveCount(0);
  const found = page.locator('.device-detail').filter({ hasText: /^172\.17\.0\.77/ });
  await expect(found).toBeInViewport();
  await expect(page.getByRole('region', { name: 'On the map' })).toContainText('eth0 (app-77)');

  await expect(minimap).toBeVisible();
  const { x = 0, y = 0, width = 0, height = 0 } = (await minimap.boundingBox()) ?? {};
  await page.mouse.click(x + width * 0.2, y + height * 0.2);
  await expect(found).not.toBeInViewport();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await expect(minimap).toBeHidden();
});

test('a box stays where it is dragged to, also after a reload, and goes back when asked; keys move it, too', async ({
  page,
}) => {
  await openMap(page, 3);
  const box = page.locator('g.ns[data-netns="c3"]');
  const place = () => box.getAttribute('transform');
  const others = () =>
    page
      .locator('g.ns:not([data-netns="c3"])')
      .evaluateAll((all) => all.map((each) => each.getAttribute('transform')).join());
  const [home, rest] = [await place(), await others()];
  await box.locator('.ns-title').hover();
  await page.mouse.down();
  await page.mouse.move(500, 620, { steps: 4 });
  await page.mouse.up();
  await expect.poll(place).not.toBe(home);
  expect(await others()).toBe(rest);
  const pinned = await place();
  await page.reload();
  await expect.poll(place).toBe(pinned);
  await page.getByRole('button', { name: 'Reset places' }).click();
  await expect.poll(place).toBe(home);

  await box.focus();
  await page.keyboard.press('Shift+ArrowDown');
  await expect.poll(place).not.toBe(home);
});

test('the map follows the pointer and the wheel, and a drag ends in no click', async ({ page }) => {
  await openMap(page, 3);
  const title = page.locator('g.ns[data-role="host"] .ns-title');
  const where = async () => {
    const { x = 0, y = 0, width = 0 } = (await title.boundingBox()) ?? {};
    return { x, y, width };
  };
  const before = await where();
  const device = page.locator('g.device[data-device="c1/120"] > rect');
  const { x = 0, y = 0 } = (await device.boundingBox()) ?? {};
  await page.mouse.move(x + 20, y + 10);
  await page.mouse.down();
  await page.mouse.move(x + 70, y + 50, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(20, 60);
  await expect.poll(async () => Math.round((await where()).x - before.x)).toBe(50);
  expect(Math.round((await where()).y - before.y)).toBe(40);
  await expect(page.getByRole('region', { name: 'On the map' })).toHaveCount(0);

  // What is under the pointer stays there.
  await page.mouse.move(before.x + 50, before.y + 40);
  await page.mouse.wheel(0, -300);
  await expect.poll(async () => (await where()).width / before.width).toBeGreaterThan(1.3);
  expect(Math.abs((await where()).x - before.x - 50)).toBeLessThan(3);
});
