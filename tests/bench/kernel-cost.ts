// P1, P2: nanoseconds that our programs add to a packet, by the kernel's own account (kernel.bpf_stats_enabled), beside an empty program.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import { openCapture, quietMs } from '@hopscope/native';
import { RECORD_BYTES } from '@hopscope/protocol';
import type { Row } from './report.ts';

const PINGS = 100_000;
const DATAGRAMS = 200_000;
const STATS_SWITCH = '/proc/sys/kernel/bpf_stats_enabled';

/** Two namespaces and a wire: the shortest way that crosses a wall. */
export const TWO_NAMESPACES = {
  namespaces: [
    { name: 'near', addresses: { eth0: ['10.99.0.1/24'] } },
    { name: 'far', addresses: { eth0: ['10.99.0.2/24'] } },
  ],
  wires: [{ a: { namespace: 'near', name: 'eth0' }, b: { namespace: 'far', name: 'eth0' } }],
};
export const FAR_ADDRESS = '10.99.0.2';

export async function measureKernelCost(buildFolder: string): Promise<Row[]> {
  const before = readFileSync(STATS_SWITCH, 'utf8');
  const lab = await startLab(TWO_NAMESPACES);
  writeFileSync(STATS_SWITCH, '1');
  try {
    const emitted = await underCapture(() => pingFlood(lab, PINGS));
    const rejected = await underCapture(() => udpFlood(lab));
    const empty = await emptyCounter(buildFolder, () => udpFlood(lab));
    return [
      {
        id: 'P1',
        what: 'kernel time per record',
        value: emitted,
        unit: 'ns',
        peer: 'empty tp_btf counter',
        peerValue: empty,
        larger: false,
        bar: '<= 150 ns and <= 2.5x',
        met: emitted <= 150 && emitted <= 2.5 * empty,
      },
      {
        id: 'P2',
        what: 'kernel time per rejected packet',
        value: rejected,
        unit: 'ns',
        peer: 'empty tp_btf counter',
        peerValue: empty,
        larger: false,
        bar: '<= 75 ns and <= 1.25x',
        met: rejected <= 75 && rejected <= 1.25 * empty,
      },
    ];
  } finally {
    writeFileSync(STATS_SWITCH, before);
    await lab.stop();
  }
}

/** Mean run time of the programs of one capture while `load` runs. */
async function underCapture(load: () => Promise<void>): Promise<number> {
  const before = programIds();
  let timer: NodeJS.Timeout | undefined;
  let lastRecord = 0;
  const buffer = new Uint8Array(1024 * RECORD_BYTES);
  const drain = () => {
    while (capture.drain(buffer) > 0) lastRecord = performance.now();
    timer = performance.now() - lastRecord < quietMs ? setTimeout(drain, 8) : undefined;
  };
  const capture = openCapture({
    onReadable: () => {
      if (timer === undefined) drain();
    },
  });
  try {
    await load();
    return meanRunTime((program) => program.name.startsWith('on_') && !before.has(program.id));
  } finally {
    clearTimeout(timer);
    capture.close();
  }
}

async function emptyCounter(buildFolder: string, load: () => Promise<void>): Promise<number> {
  const from = join(import.meta.dirname, '../tests/bench');
  const object = join(buildFolder, 'empty-counter.bpf.o');
  const loader = join(buildFolder, 'empty-counter');
  mkdirSync(buildFolder, { recursive: true });
  const includes = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  execFileSync('clang', [
    '-g',
    '-O2',
    '-target',
    'bpf',
    includes,
    '-c',
    join(from, 'empty-counter.bpf.c'),
    '-o',
    object,
  ]);
  execFileSync('gcc', ['-O2', '-o', loader, join(from, 'empty-counter.c'), '-lbpf']);
  const held = spawn(loader, [object], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(held.stdout, 'data');
    await load();
    return meanRunTime((program) => program.name === 'empty_counter');
  } finally {
    held.stdin.end();
  }
}

interface Program {
  readonly id: number;
  readonly name: string;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

function programs(): Program[] {
  const list: Program[] = JSON.parse(execFileSync('/usr/sbin/bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' }));
  return list.filter((program) => typeof program.name === 'string');
}

function programIds(): Set<number> {
  return new Set(programs().map((program) => program.id));
}

function meanRunTime(wanted: (program: Program) => boolean): number {
  let timeNs = 0;
  let runs = 0;
  for (const program of programs().filter(wanted)) {
    timeNs += program.run_time_ns ?? 0;
    runs += program.run_cnt ?? 0;
  }
  return timeNs / runs;
}

/** Resolves to milliseconds. */
export async function pingFlood(lab: Lab, count: number): Promise<void> {
  const ping = lab.run('near', ['ping', '-f', '-q', '-n', '-c', String(count), FAR_ADDRESS], { stdio: 'ignore' });
  const [code] = await once(ping, 'exit');
  if (code !== 0) throw new Error(`ping ended with ${code}`);
}

async function udpFlood(lab: Lab): Promise<void> {
  const script = `
const socket = require('node:dgram').createSocket('udp4');
let left = ${DATAGRAMS};
socket.connect(9, '${FAR_ADDRESS}', function send() {
  for (let i = 0; i < 64 && left > 0; i++, left--) socket.send('x'.repeat(18), () => {});
  if (left > 0) setImmediate(send); else socket.close();
});
socket.on('error', () => {});`;
  const sender = lab.run('near', [process.execPath, '-e', script], { stdio: 'ignore' });
  const [code] = await once(sender, 'exit');
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
}
