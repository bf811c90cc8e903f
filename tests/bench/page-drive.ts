// The page's server of the page bench, a process of its own: the gateway's code, fed by a recording that is repeated instead of by a
// kernel. Arguments: the recording ("" = nothing but a map of 20 namespaces), packets a second, the naive page's script.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hello, type Ledger, RECORD_BYTES, RECORD_LAYOUT, readBatch, type ServerFrame } from '@hopscope/protocol';
import { createGuard, type Guard } from '../../apps/agent/src/gateway/guard.ts';
import { createPageServer } from '../../apps/agent/src/gateway/http.ts';
import { listen } from '../../apps/agent/src/gateway/listen.ts';
import { enterPageFolder } from '../../apps/agent/src/gateway/page-files.ts';
import { createSession } from '../../apps/agent/src/gateway/session.ts';
import { createSocketServer, type PageHandlers, type PageSocket } from '../../apps/agent/src/gateway/socket.ts';
import { openRecordingFile } from '../../apps/agent/src/recording/open-file.ts';
import { readFrames } from '../../apps/agent/src/recording/read-frames.ts';
import { sampleTopology } from '../../apps/web/src/graph/sample-topology.ts';
import { repeatPings } from './page-repeat.ts';

const [path = '', rate = '0', naiveScript = ''] = process.argv.slice(2);
const root = join(import.meta.dirname, '..');
const ADDRESS = '127.0.0.1';
const TICK_MS = 10;
/** As the capture sends them. */
const RUN_RECORDS = 4096;
/** Behind by more than this, the rest is given up: the offered rate is then what it says it is. */
const BEHIND_MS = 200;

interface Source {
  readonly control: readonly ServerFrame[];
  readonly batches: readonly Uint8Array[];
}

async function readSource(): Promise<Source> {
  if (path === '')
    return { control: [mapHello(), { type: 'topology', version: 1, topology: namespaces(20) }], batches: [] };
  const file = await openRecordingFile(path);
  const control: ServerFrame[] = [{ ...file.recording.header.hello, clock: clockNow() }];
  const batches: Uint8Array[] = [];
  for await (const entries of readFrames(file)) {
    for (const { frame } of entries) {
      if (frame instanceof Uint8Array) batches.push(frame);
      else if (frame.type === 'topology' || frame.type === 'locations') control.push(frame);
    }
  }
  await file.close();
  return { control, batches };
}

const namespaces = (count: number) =>
  sampleTopology(
    2,
    Array.from({ length: count - 1 }, (_, i) => ({ number: i + 2, bridges: [i % 2] })),
  );

/** Packet time begins at 1 s: pings that began before the first round are left out by it. */
const ORIGIN_NS = 1e9;
const clockNow = () => ({ monotonicNs: String(ORIGIN_NS), wallNs: String(BigInt(Date.now()) * 1_000_000n) });

function mapHello(): Hello {
  return {
    ...RECORD_LAYOUT,
    type: 'hello',
    agent: { version: '0' },
    host: { name: 'bench', kernel: '0', bootId: '0' },
    clock: clockNow(),
    dropReasons: {},
    features: [],
    lab: false,
  };
}

/** What was offered and what of it was sent, since the page connected. */
const told = { sinceMs: 0, packets: 0, records: 0, sentRecords: 0 };

function drive(pageSocket: PageSocket, { control, batches }: Source): PageHandlers {
  const socket: PageSocket = {
    ...pageSocket,
    get bufferedBytes() {
      return pageSocket.bufferedBytes;
    },
    send(message) {
      if (typeof message !== 'string') told.sentRecords += readBatch(message, 0n).count;
      pageSocket.send(message);
    },
  };
  const session = createSession(socket, () => performance.now());
  for (const frame of control) session.sendControl(JSON.stringify(frame));
  const repeated = batches.length === 0 ? null : repeatPings(batches, Number(rate), ORIGIN_NS);
  Object.assign(told, { sinceMs: performance.now(), packets: 0, records: 0, sentRecords: 0 });
  let doneMs = performance.now();
  function tick(): void {
    if (repeated === null) return;
    const nowMs = performance.now();
    const behindMs = Math.min(BEHIND_MS, nowMs - doneMs);
    doneMs = nowMs;
    const records = repeated.next(behindMs * 1e6);
    for (let from = 0; from < records.length; from += RUN_RECORDS * RECORD_BYTES) {
      const part = records.subarray(from, from + RUN_RECORDS * RECORD_BYTES);
      const count = part.length / RECORD_BYTES;
      session.sendHops({
        firstHop: told.records,
        count,
        skipped: 0,
        kernelMissed: 0,
        missedSinceNs: 0n,
        records: part,
      });
      told.records += count;
    }
    told.packets = repeated.packets;
  }
  const ticking = setInterval(tick, TICK_MS);
  const counting = setInterval(() => session.sendLedger(ledger()), 1000);
  return {
    onText: session.onText,
    onClose() {
      clearInterval(ticking);
      clearInterval(counting);
      session.stop();
    },
  };
}

function ledger(): Ledger {
  const { records } = told;
  return {
    type: 'ledger',
    seen: records,
    delivered: records,
    pending: 0,
    lost: {},
    identityFull: 0,
    recursionMisses: 0,
    sampledOneIn: 1,
    final: false,
  };
}

const source = await readSource();
const naive = naiveScript === '' ? '' : readFileSync(naiveScript, 'utf8');
const NAIVE_PAGE =
  '<!doctype html><meta charset="utf-8"><title>naive</title><script type="module" src="/naive.js"></script>';
enterPageFolder(join(root, 'apps/web/dist'));
const sockets = createSocketServer(() => (socket) => drive(socket, source));
let guard: Guard = createGuard(0, ADDRESS);
const server = createPageServer({
  guard: () => guard,
  onUpgrade: sockets.upgrade,
  onData({ url }, response) {
    const [type, text] =
      {
        '/naive': ['text/html', NAIVE_PAGE],
        '/naive.js': ['text/javascript', naive],
        '/told': ['application/json', JSON.stringify({ ...told, nowMs: performance.now() })],
      }[url ?? ''] ?? [];
    if (type === undefined || text === undefined) return false;
    response.setHeader('Content-Type', `${type}; charset=utf-8`);
    response.end(text);
    return true;
  },
});
const port = await listen([server], [ADDRESS], 0);
guard = createGuard(port, ADDRESS);
console.log(`listening on http://${ADDRESS}:${port}`);
