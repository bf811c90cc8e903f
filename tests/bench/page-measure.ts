// A page in Chromium without a graphics card, watched from outside: frames, script time, long tasks, React, the DOM, the heap.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Browser, type CDPSession, chromium, type Page } from '@playwright/test';
import { lineWith } from './agent.ts';

const root = join(import.meta.dirname, '..');

export interface Drive {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param recording a file; empty: a map of 20 namespaces without packets */
export async function startDrive(recording: string, packetsPerSecond: number): Promise<Drive> {
  const argv = [join(root, '.hopscope/bench-page-drive.mjs'), recording, String(packetsPerSecond)];
  const drive: ChildProcess = spawn(process.execPath, [...argv, join(root, '.hopscope/bench-page-naive.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(drive, 'exit');
  const line = await lineWith(drive, 'listening on');
  const [url = ''] = /http:\S+/.exec(line) ?? [];
  return {
    url,
    async stop() {
      drive.kill('SIGTERM');
      await gone;
    },
  };
}

export interface PageFigures {
  readonly fps: number;
  /** All of the page's script, divided by its frames. */
  readonly scriptMsPerFrame: number;
  /** Tasks of more than 50 ms, and the longest of them. */
  readonly longTasks: number;
  readonly longestMs: number;
  readonly reactCommitsPerSecond: number;
  /** Means while it was watched. */
  readonly inFlight: number;
  readonly dots: number;
  /** After the garbage is gone, at the start and at the end. */
  readonly nodes: readonly [number, number];
  readonly heapMiB: readonly [number, number];
  readonly offeredPacketsPerSecond: number;
  /** Part of the records that the gateway's code sent on. */
  readonly sentPart: number;
}

declare global {
  interface Window {
    benchFrames: number;
    benchLong: number[];
    benchFlying: [packets: number, dots: number][];
    readonly naiveInFlight: number;
  }
}

/** Runs in the page, before its own script. */
function watch(): void {
  Object.assign(window, { benchFrames: 0, benchLong: [], benchFlying: [] });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.benchLong.push(duration);
  }).observe({ type: 'longtask' });
  const count = (): void => {
    window.benchFrames++;
    if (window.benchFrames % 30 === 0) {
      const { inFlight, dots } = window.hopscopeStats ?? { inFlight: window.naiveInFlight, dots: window.naiveInFlight };
      window.benchFlying.push([inFlight, dots]);
    }
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

const WARM_UP_MS = 6000;

/** Watches `url` for `seconds` once it is warm. */
export async function watchPage(url: string, seconds: number): Promise<PageFigures> {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript(watch);
    await page.goto(url);
    await page.waitForTimeout(WARM_UP_MS);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const before = await readFigures(page, session, new URL(url).origin);
    await page.evaluate(() => {
      window.benchLong = [];
      window.benchFlying = [];
    });
    await page.waitForTimeout(seconds * 1000);
    const after = await readFigures(page, session, new URL(url).origin);
    const { long, flying } = await page.evaluate(() => ({ long: window.benchLong, flying: window.benchFlying }));
    const tookS = after.atS - before.atS;
    const frames = after.frames - before.frames;
    const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / Math.max(1, of.length);
    return {
      fps: frames / tookS,
      scriptMsPerFrame: ((after.scriptS - before.scriptS) * 1000) / frames,
      longTasks: long.length,
      longestMs: Math.max(0, ...long),
      reactCommitsPerSecond: (after.commits - before.commits) / tookS,
      inFlight: mean(flying.map(([packets]) => packets)),
      dots: mean(flying.map(([, dots]) => dots)),
      nodes: [before.nodes, after.nodes],
      heapMiB: [before.heapBytes / 2 ** 20, after.heapBytes / 2 ** 20],
      offeredPacketsPerSecond:
        ((after.told.packets - before.told.packets) * 1000) / (after.told.nowMs - before.told.nowMs),
      sentPart: (after.told.sentRecords - before.told.sentRecords) / (after.told.records - before.told.records),
    };
  } finally {
    await browser.close();
  }
}

/** What the drive has offered. */
interface Told {
  readonly nowMs: number;
  readonly packets: number;
  readonly records: number;
  readonly sentRecords: number;
}

async function readFigures(page: Page, session: CDPSession, origin: string) {
  // A busy page answers late: all of these at one time, as near as can be.
  const [told, { metrics }, own] = await Promise.all([
    fetch(`${origin}/told`).then((response) => response.json() as Promise<Told>),
    session.send('Performance.getMetrics'),
    page.evaluate(() => ({
      frames: window.benchFrames,
      commits: window.hopscopeStats?.reactCommits ?? 0,
    })),
  ]);
  const metric = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
  await session.send('HeapProfiler.collectGarbage');
  const { metrics: clean } = await session.send('Performance.getMetrics');
  const cleanMetric = (name: string) => clean.find((each) => each.name === name)?.value ?? 0;
  return {
    ...own,
    told,
    atS: metric('Timestamp'),
    scriptS: metric('ScriptDuration'),
    nodes: cleanMetric('Nodes'),
    heapBytes: cleanMetric('JSHeapUsedSize'),
  };
}
