// The main job on real input: a Docker container is pinged, and the page shows the way there and back.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type DockerEngine, startDocker, whyNoDocker } from '../netns/support/docker.ts';
import { type Agent, startAgent } from './support/agent.ts';
import { deviceBox, exchangeRow, hostBox, isAt, namespaceBox, readPlaces, readSteps, watchDot } from './support/map.ts';
import { expect, test } from './support/test.ts';

const ARTIFACTS = 'artifacts/screenshots';
const ping = (...argv: string[]) => promisify(execFile)('ping', ['-n', '-c', '1', '-W', '2', ...argv]);

let docker: DockerEngine;
let agent: Agent;

test.skip(whyNoDocker() !== null, whyNoDocker() ?? '');

test.beforeAll(async () => {
  docker = await startDocker();
  agent = await startAgent({ dockerSocket: docker.socket });
});

test.afterAll(async () => {
  await agent?.stop();
  await docker?.stop();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(page.getByRole('status').filter({ hasText: 'live' })).toBeVisible();
});

test('draws the host, the bridge, the container and both ends of its wire, with names, addresses and states', async ({
  page,
}) => {
  const container = await docker.run('shown-web');
  const box = namespaceBox(page, 'shown-web');
  await expect(box).toContainText(String(container.inum));
  await expect(await deviceBox(box, 'eth0')).toHaveAccessibleName(new RegExp(container.ipv4.replaceAll('.', '\\.')));
  const bridge = await deviceBox(hostBox(page), docker.bridge);
  await expect(bridge).toHaveAccessibleName(new RegExp(`bridge, ${docker.bridgeIpv4.replaceAll('.', '\\.')}/`));
  const veth = await deviceBox(hostBox(page), container.hostVeth);
  await expect(veth).toHaveAttribute('data-state', 'up');
  // Polled: the camera may still be on its way, and the two are read one after the other.
  const crossesWall = async () => {
    const [outer, inner] = [await veth.boundingBox(), await (await deviceBox(box, 'eth0')).boundingBox()];
    return outer !== null && inner !== null && outer.x + outer.width < inner.x;
  };
  await expect.poll(crossesWall, 'the wire crosses the wall').toBe(true);

  await docker.remove('shown-web');
  await expect(namespaceBox(page, 'shown-web')).toHaveCount(0);
});

test('draws a ping’s path in order, out and back, and ends it as replied', async ({ page }) => {
  const container = await docker.run('pinged-web');
  const box = namespaceBox(page, 'pinged-web');
  await expect(box).toBeVisible();
  // From now on the camera is the user's, so that boxes and steps are read from one picture.
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await ping('-e', '4711', container.ipv4);
  const row = exchangeRow(page, '#4711.1');
  await row.click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/Replied\sin\s[\d.]+\s.s/);

  const way = [docker.bridge, container.hostVeth, 'eth0', 'eth0', container.hostVeth, docker.bridge];
  const hops = detail.getByRole('rowheader');
  await expect(hops).toHaveText(way.map((name, i) => new RegExp(`^${i + 1}\\s*${name}`)));

  const devices = [
    await deviceBox(hostBox(page), docker.bridge),
    await deviceBox(hostBox(page), container.hostVeth),
    await deviceBox(box, 'eth0'),
  ];
  const boxes = await Promise.all(devices.map((device) => device.boundingBox()));
  const steps = await readSteps(page);
  expect([...steps.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const [i, rect] of [...boxes, ...boxes.toReversed()].entries()) {
    const step = steps.get(i + 1);
    expect(step !== undefined && rect !== null && isAt(step, rect), `step ${i + 1} at ${way[i]}`).toBe(true);
  }

  // Selecting it has set its dot flying; once that has ended, it flies for us.
  await watchDot(page);
  const watching = watchDot(page);
  await detail.getByRole('button', { name: 'Replay' }).click();
  const sights = await watching;
  const stations = [
    ...boxes.map((rect) => ({ direction: 'request', rect })),
    ...boxes.toReversed().map((rect) => ({ direction: 'reply', rect })),
  ];
  const passed = sights
    .map((dot) =>
      stations.findIndex(({ direction, rect }) => direction === dot.direction && rect !== null && isAt(dot, rect, 0)),
    )
    .filter((station) => station >= 0);
  expect(passed).toEqual(passed.toSorted());
  expect([...new Set(passed)]).toEqual([0, 1, 2, 3, 4, 5]);

  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 1920, height: 1080 },
  ]) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: `${ARTIFACTS}/replied-${viewport.width}x${viewport.height}.png` });
  }
  await docker.remove('pinged-web');
});

test('a container that starts moves nothing that was there', async ({ page }) => {
  for (const name of ['first-web', 'second-web']) {
    const { hostVeth } = await docker.run(name);
    await expect(namespaceBox(page, name)).toBeVisible();
    // Its wire has arrived where it belongs: until then it is what is being added.
    await expect(await deviceBox(hostBox(page), hostVeth)).toContainText('port');
  }
  // From now on the camera is the user's: what moves on the screen moves on the map.
  await page.getByRole('button', { name: 'Zoom out' }).click();
  const before = await readPlaces(page);
  const bar = await (await deviceBox(hostBox(page), docker.bridge)).getAttribute('data-device');

  const added = await docker.run('third-web');
  await expect(namespaceBox(page, 'third-web')).toBeVisible();
  await expect(await deviceBox(hostBox(page), added.hostVeth)).toBeVisible();
  const after = await readPlaces(page);
  expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length);
  for (const [id, { x, y, height }] of Object.entries(before)) {
    const now = after[id];
    expect(now, `${id} is still there`).toBeDefined();
    // A tenth of a pixel is rounding.
    expect(now?.x, `${id} stays`).toBeCloseTo(x, 1);
    if (id === bar && now !== undefined) {
      // A bar reaches to its new port, upwards too when that takes a slot which a removed container left.
      expect([now.y <= y + 0.1, now.y + now.height >= y + height - 0.1], 'the bar covers what it did').toEqual([
        true,
        true,
      ]);
      continue;
    }
    expect(now?.y, `${id} stays`).toBeCloseTo(y, 1);
  }
});
