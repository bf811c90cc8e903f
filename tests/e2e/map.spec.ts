// The map of a machine with 100 namespaces and 400 interfaces, that no test could build: fed to the real gateway.
import type { Page } from '@playwright/test';
import { sampleTopology } from '../../apps/web/src/graph/sample-topology.ts';
import { type FedAgent, startFedAgent } from './support/fed-agent.ts';
import { expect, test } from './support/test.ts';

const containers = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ number: i + 2, bridges: i % 2 === 0 ? [0] : [0, 1] }));

let agent: FedAgent;

test.afterEach(() => agent.stop());

async function openMap(page: Page, count: number): Promise<void> {
  agent = await startFedAgent(sampleTopology(2, containers(count)));
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
  expect(await places()).toBe(before);
});

test('what is seen of 8 containers can be read without zooming', async ({ page }) => {
  await openMap(page, 8);
  await expect(page.locator('.device-detail').filter({ hasText: '172.17.0.9' })).toBeInViewport();
  await expect(page.locator('.stack-detail').filter({ hasText: '172.17.0.1' }).first()).toBeInViewport();
  expect(await smallest(page)).toBeGreaterThanOrEqual(9);
});
