// P3: what watching costs the watched. A ping flood through a bridge: untraced, with hopscope and a live page, and with perf trace.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Lab, startLab } from '@hopscope/lab';
import { openPage, startAgent } from './agent.ts';
import { FAR_ADDRESS, pingFlood } from './kernel-cost.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 5;
const PINGS = 30_000;

const THROUGH_A_BRIDGE = {
  namespaces: [
    { name: 'near', addresses: { eth0: ['10.99.0.1/24'] } },
    { name: 'far', addresses: { eth0: [`${FAR_ADDRESS}/24`] } },
    { name: 'between', bridges: [{ name: 'br0', ports: ['port1', 'port2'] }] },
  ],
  wires: [
    { a: { namespace: 'near', name: 'eth0' }, b: { namespace: 'between', name: 'port1' } },
    { a: { namespace: 'far', name: 'eth0' }, b: { namespace: 'between', name: 'port2' } },
  ],
};

export async function measureFlood(): Promise<Row[]> {
  const lab = await startLab(THROUGH_A_BRIDGE);
  const untraced: number[] = [];
  const hopscope: number[] = [];
  const perf: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      untraced.push(await pingsPerSecond(lab));
      hopscope.push(await withHopscope(() => pingsPerSecond(lab)));
      perf.push(await withPerfTrace(() => pingsPerSecond(lab)));
    }
  } finally {
    await lab.stop();
  }
  const ours = median(hopscope) / median(untraced);
  const peer = median(perf) / median(untraced);
  return [
    {
      id: 'P3',
      what: `ping flood (${Math.round(median(untraced))} pings/s untraced) with a live page`,
      value: ours,
      unit: 'of untraced',
      peer: "perf trace -e 'net:*'",
      peerValue: peer,
      larger: true,
      bar: '>= 0.90 and >= 1.5x the peer',
      met: ours >= 0.9 && ours >= 1.5 * peer,
    },
  ];
}

async function pingsPerSecond(lab: Lab): Promise<number> {
  const start = performance.now();
  await pingFlood(lab, PINGS);
  return PINGS / ((performance.now() - start) / 1000);
}

async function withHopscope(load: () => Promise<number>): Promise<number> {
  const agent = await startAgent();
  const page = await openPage(agent.port);
  try {
    return await load();
  } finally {
    page.close();
    await agent.stop();
  }
}

async function withPerfTrace(load: () => Promise<number>): Promise<number> {
  // A mount namespace of its own: perf mounts tracefs, and that goes away with it.
  const perf = spawn('unshare', ['--mount', '--propagation', 'private', 'perf', 'trace', '-e', 'net:*'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = once(perf, 'exit');
  perf.stderr.resume();
  try {
    // perf says nothing when it is ready, but prints what it sees: the first event it prints.
    await once(perf.stderr, 'data');
    return await load();
  } finally {
    perf.kill('SIGINT');
    await gone;
  }
}
