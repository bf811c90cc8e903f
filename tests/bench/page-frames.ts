// P10 and P11: the page under packets, beside a page that draws every packet as an SVG element of its own, with the same recording.
// HOPSCOPE_BENCH_SECONDS says how long each is watched; 60 is what the figures in docs/performance.md are from.
import { join } from 'node:path';
import { type PageFigures, startDrive, watchPage } from './page-measure.ts';
import type { Row } from './report.ts';

const RECORDING = join(import.meta.dirname, '../recordings/flood.hops');
const RATES = [500, 2000, 100_000] as const;
const seconds = Number(process.env.HOPSCOPE_BENCH_SECONDS ?? 60);

/** What P10 asks for at each rate. */
const LEAST_FPS: Readonly<Record<number, number>> = { 500: 55, 2000: 55, 100000: 50 };
const MOST_SCRIPT_MS = 4;
/** The list and the counters are shown anew four times a second. */
const MOST_COMMITS = 10;

interface Watched {
  readonly rate: number;
  readonly page: PageFigures;
  readonly naive: PageFigures;
}

export async function measurePageFrames(): Promise<Row[]> {
  const watched: Watched[] = [];
  for (const rate of RATES) {
    const drive = await startDrive(RECORDING, rate);
    try {
      const page = await watchPage(drive.url, seconds);
      const naive = await watchPage(`${drive.url}/naive`, seconds);
      watched.push({ rate, page, naive });
      tell(rate, 'page', page);
      tell(rate, 'naive', naive);
    } finally {
      await drive.stop();
    }
  }
  return watched.flatMap(rowsOf);
}

function tell(rate: number, who: string, of: PageFigures): void {
  const { fps, scriptMsPerFrame, offeredPacketsPerSecond, sentPart, inFlight, dots } = of;
  console.error(
    `  ${who} at ${rate} packets/s: ${fps.toFixed(1)} fps, ${scriptMsPerFrame.toFixed(2)} ms of script a frame, ` +
      `${Math.round(inFlight)} packets in flight as ${Math.round(dots)} dots, ${Math.round(offeredPacketsPerSecond)} packets/s offered, ` +
      `${(sentPart * 100).toFixed(1)} % of the records sent`,
  );
}

function rowsOf({ rate, page, naive }: Watched): Row[] {
  const peer = 'an SVG element a packet';
  const at = `at ${rate} packets/s`;
  const least = LEAST_FPS[rate] ?? 0;
  const lower = { peer, larger: false } as const;
  return [
    {
      id: 'P10',
      what: `frames ${at}, ${Math.round(page.dots)} dots in flight (${Math.round(naive.dots)} beside it)`,
      value: page.fps,
      unit: 'fps',
      peer,
      peerValue: naive.fps,
      larger: true,
      bar: `>= ${least} fps`,
      met: page.fps >= least,
    },
    {
      ...lower,
      id: 'P10',
      what: `script of a frame ${at}`,
      value: page.scriptMsPerFrame,
      unit: 'ms',
      peerValue: naive.scriptMsPerFrame,
      bar: rate > 2000 ? '' : `<= ${MOST_SCRIPT_MS} ms`,
      met: rate > 2000 || page.scriptMsPerFrame <= MOST_SCRIPT_MS,
    },
    {
      ...lower,
      id: 'P11',
      what: `tasks over 50 ms in ${seconds} s ${at} (longest ${Math.round(page.longestMs)} ms)`,
      value: page.longTasks,
      unit: '',
      peerValue: naive.longTasks,
      bar: '0',
      met: page.longTasks === 0,
    },
    {
      ...lower,
      id: 'P11',
      what: `React commits ${at}`,
      value: page.reactCommitsPerSecond,
      unit: '/s',
      peer: null,
      peerValue: 0,
      bar: `<= ${MOST_COMMITS}/s, whatever the rate`,
      met: page.reactCommitsPerSecond <= MOST_COMMITS,
    },
    {
      ...lower,
      id: 'P11',
      what: `growth of the DOM in ${seconds} s ${at} (${page.nodes[1]} nodes)`,
      value: page.nodes[1] - page.nodes[0],
      unit: 'nodes',
      peerValue: naive.nodes[1] - naive.nodes[0],
      bar: '<= 2 %',
      met: page.nodes[1] <= page.nodes[0] * 1.02,
    },
    {
      ...lower,
      id: 'P11',
      what: `heap after ${seconds} s ${at} (${page.heapMiB[0].toFixed(0)} MiB at its start)`,
      value: page.heapMiB[1],
      unit: 'MiB',
      peerValue: naive.heapMiB[1],
      bar: '',
      met: true,
    },
  ];
}
