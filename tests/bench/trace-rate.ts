// How fast `trace -r` reads a recording, beside tshark reading a capture of the same packets at the same devices.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRecordingWriter, type Hello, RECORD_LAYOUT, readBatch, type TimeNs } from '@hopscope/protocol';
import { makeBatches } from './made-hops.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 3;
/** 18 hops each. */
const PINGS = 56_000;
/** Between two hops: a flood that a machine takes in whole. */
const EVERY_NS = 20_000;
/** M hops/s. */
const WANTED = 1;

const HELLO: Hello = {
  type: 'hello',
  agent: { version: 'bench' },
  host: { name: 'bench', kernel: '', bootId: 'bench' },
  clock: { monotonicNs: '0', wallNs: '1700000000000000000' },
  ...RECORD_LAYOUT,
  dropReasons: {},
  features: [],
  lab: false,
};

/** @param root of the repository @param folder for files of some 100 MB, removed at the end */
export async function measureTraceRate(root: string, folder: string): Promise<Row[]> {
  mkdirSync(folder, { recursive: true });
  const files = { hops: join(folder, 'trace-rate.hops'), pcap: join(folder, 'trace-rate.pcap') };
  try {
    const batches = makeBatches('echo', PINGS, EVERY_NS);
    const hops = batches.reduce((sum, batch) => sum + readBatch(batch, 0n).count, 0);
    writeRecording(files.hops, batches);
    writePcap(files.pcap, batches);
    const program = join(root, 'apps/agent/bin/hopscope.mjs');
    // tshark's JSON holds every field of every layer, and takes minutes: no peer of ours.
    const runs = [
      { what: 'trace -r --report', argv: ['--report'], peer: ['-q', '-z', 'icmp,srt'] },
      { what: 'trace -r', argv: [], peer: [] },
      { what: 'trace -r --json', argv: ['--json'], peer: null },
      {
        what: 'trace -r --report --display-filter',
        argv: ['--report', '--display-filter', 'icmp.seq == 7'],
        peer: ['-Y', 'icmp.seq == 7'],
      },
    ].map((each) => ({ ...each, ours: [] as number[], theirs: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { argv, peer, ours, theirs } of runs) {
        ours.push(hops / secondsOf(process.execPath, [program, 'trace', '-r', files.hops, ...argv]) / 1e6);
        if (peer === null) continue;
        theirs.push(hops / secondsOf('tshark', ['-n', '-r', files.pcap, ...peer]) / 1e6);
      }
    }
    console.error(
      `${hops} hops: ${statSync(files.hops).size} bytes of recording, ${statSync(files.pcap).size} of pcap`,
    );
    return runs.map(({ what, ours, theirs }) => ({
      id: 'A2',
      what,
      value: median(ours),
      unit: 'M hops/s',
      peer: theirs.length === 0 ? null : 'tshark -r',
      peerValue: theirs.length === 0 ? 0 : median(theirs),
      larger: true,
      bar: `>= ${WANTED} M hops/s`,
      met: median(ours) >= WANTED,
    }));
  } finally {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  }
}

/** The whole run of a program whose output nobody keeps. */
function secondsOf(program: string, argv: readonly string[]): number {
  const start = performance.now();
  const { status, error } = spawnSync(program, argv, { stdio: ['ignore', 'ignore', 'ignore'] });
  if (status !== 0) throw error ?? new Error(`${program} ${argv.join(' ')} ended with ${status}`);
  return (performance.now() - start) / 1000;
}

function writeRecording(path: string, batches: readonly Uint8Array[]): void {
  const parts: Uint8Array[] = [];
  const header = { hello: HELLO, created: '2026-01-01T00:00:00.000Z', filter: '', notes: '', redacted: false };
  const writer = createRecordingWriter({
    header,
    keyframe: () => [],
    write: (bytes) => void parts.push(bytes.slice()),
    gzip: (bytes) => gzipSync(bytes),
  });
  for (const batch of batches)
    writer.add({ t: readBatch(batch, 0n).hop(0).t as TimeNs, frame: batch }, readBatch(batch, 0n).count);
  writer.finish();
  writeFileSync(path, Buffer.concat(parts));
}

const LINKTYPE_ETHERNET = 1;
const NANOSECOND_MAGIC = 0xa1b23c4d;

/** Each hop on a device as a packet: what tcpdump on each of them would have written. */
function writePcap(path: string, batches: readonly Uint8Array[]): void {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(NANOSECOND_MAGIC, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(LINKTYPE_ETHERNET, 20);
  const parts: Buffer[] = [head];
  for (const bytes of batches) {
    const batch = readBatch(bytes, 0n);
    for (let i = 0; i < batch.count; i++) {
      const { t, headers, len } = batch.hop(i);
      const packet = Buffer.alloc(16);
      packet.writeUInt32LE(Math.floor(t / 1e9), 0);
      packet.writeUInt32LE(t % 1e9, 4);
      packet.writeUInt32LE(headers.length, 8);
      packet.writeUInt32LE(len, 12);
      parts.push(packet, Buffer.from(headers));
    }
  }
  writeFileSync(path, Buffer.concat(parts));
}
