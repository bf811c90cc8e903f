// P14: what the page weighs, and when something of it is to be seen with 20 namespaces.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launch, startDrive } from './page-measure.ts';
import { median, type Row } from './report.ts';

const ASSETS = join(import.meta.dirname, '../apps/web/dist/assets');
const LOADS = 5;
const NAMESPACES = 20;

export async function measurePageLoad(): Promise<Row[]> {
  const bytes = readdirSync(ASSETS)
    .filter((name) => /^index-.*\.js$/.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(ASSETS, name))).length, 0);
  const { paints, maps } = await timeLoads();
  const row = { id: 'P14', peer: null, peerValue: 0, larger: false };
  return [
    {
      ...row,
      what: 'script of the first load, gzip',
      value: bytes / 1000,
      unit: 'kB',
      bar: '<= 200 kB',
      met: bytes <= 200_000,
    },
    {
      ...row,
      what: `first paint, ${NAMESPACES} namespaces`,
      value: median(paints),
      unit: 'ms',
      bar: '<= 1,000 ms',
      met: median(paints) <= 1000,
    },
    {
      ...row,
      what: `map drawn, ${NAMESPACES} namespaces`,
      value: median(maps),
      unit: 'ms',
      bar: '<= 1,000 ms',
      met: median(maps) <= 1000,
    },
  ];
}

/** Each in a browser context of its own: nothing is cached. In ms since the navigation began. */
async function timeLoads(): Promise<{ paints: number[]; maps: number[] }> {
  const drive = await startDrive('', 0);
  const browser = await launch();
  const paints: number[] = [];
  const maps: number[] = [];
  try {
    for (let i = 0; i < LOADS; i++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.goto(drive.url);
      const [paint, map] = await page.evaluate(
        (count) =>
          new Promise<[number, number]>((resolve) => {
            const look = (): void => {
              const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
              const isDrawn = document.querySelectorAll('g.ns').length >= count;
              if (first !== undefined && isDrawn) resolve([first, performance.now()]);
              else requestAnimationFrame(look);
            };
            look();
          }),
        NAMESPACES,
      );
      paints.push(paint);
      maps.push(map);
      await page.close();
    }
  } finally {
    await browser.close();
    await drive.stop();
  }
  return { paints, maps };
}
