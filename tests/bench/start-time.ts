// P12: from the command to the first real hop in a page's hands, and from the signal to the end, beside perf trace's first line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startLab } from '@hopscope/lab';
import { openPage, startAgent } from './agent.ts';
import { FAR_ADDRESS, TWO_NAMESPACES } from './kernel-cost.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 5;

export async function measureStartTime(): Promise<Row[]> {
  const lab = await startLab(TWO_NAMESPACES);
  // Something to see every 5 ms, for as long as this takes.
  const ping = lab.run('near', ['ping', '-q', '-n', '-i', '0.005', FAR_ADDRESS], { stdio: 'ignore' });
  const starts: number[] = [];
  const stops: number[] = [];
  const perfStarts: number[] = [];
  const perfStops: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const agent = await startAgent();
      const page = await openPage(agent.port);
      await page.firstHop;
      starts.push(performance.now() - start);
      const stop = performance.now();
      await agent.stop();
      stops.push(performance.now() - stop);
      const [perfStart, perfStop] = await timePerfTrace();
      perfStarts.push(perfStart);
      perfStops.push(perfStop);
    }
  } finally {
    ping.kill();
    await lab.stop();
  }
  return [
    {
      id: 'P12',
      what: 'command to first hop in a page',
      value: median(starts),
      unit: 'ms',
      peer: 'perf trace, first line',
      peerValue: median(perfStarts),
      larger: false,
      bar: '<= 600 ms',
      met: median(starts) <= 600,
    },
    {
      id: 'P12',
      what: 'signal to end',
      value: median(stops),
      unit: 'ms',
      peer: 'perf trace, signal to end',
      peerValue: median(perfStops),
      larger: false,
      bar: '<= 300 ms',
      met: median(stops) <= 300,
    },
  ];
}

async function timePerfTrace(): Promise<[start: number, stop: number]> {
  const start = performance.now();
  const perf = spawn('unshare', ['--mount', '--propagation', 'private', 'perf', 'trace', '-e', 'net:netif_rx'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(perf.stderr, 'data');
  const started = performance.now() - start;
  perf.stderr.resume();
  const gone = once(perf, 'exit');
  const stop = performance.now();
  perf.kill('SIGINT');
  await gone;
  return [started, performance.now() - stop];
}
