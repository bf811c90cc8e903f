// The unprivileged processes, fed by hand instead of by the capture process: cut, broken and foreign streams.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  BATCH_HEADER_BYTES,
  encodeControlFrame,
  FRAME_HEADER_BYTES,
  FRAME_KIND,
  FRAME_MAX_BYTES,
  type Hello,
  type Ledger,
  RECORD_BYTES,
  RECORD_LAYOUT,
  writeBatchHeader,
  writeFrameHeader,
} from '@hopscope/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayConfig, PrinterConfig } from '../../apps/agent/src/lib/child-config.ts';
import { openPage, type Page } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const DIST = join(import.meta.dirname, '../../apps/agent/dist');
const NOBODY = { uid: 65534, gid: 65534, name: 'nobody' };

const hello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0' },
  host: { name: 'test', kernel: '0', bootId: '' },
  clock: { monotonicNs: '0', wallNs: '0' },
  dropReasons: {},
  features: [],
  lab: false,
};
const counts = { seen: 2, delivered: 2, pending: 0, lost: {}, identityFull: 0, recursionMisses: 0, sampledOneIn: 1 };
const ledger: Ledger = { type: 'ledger', ...counts, final: false };
const start = Buffer.concat([
  encodeControlFrame(hello),
  encodeControlFrame({ type: 'topology', version: 1, topology: { namespaces: [] } }),
]);
const end = encodeControlFrame({ ...ledger, final: true });

function hopsFrame(count: number): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + BATCH_HEADER_BYTES + count * RECORD_BYTES);
  writeFrameHeader(bytes, FRAME_KIND.hops, bytes.length - FRAME_HEADER_BYTES);
  writeBatchHeader(bytes.subarray(FRAME_HEADER_BYTES), count, 0);
  return bytes;
}

function frame(kind: number, payload: string | Uint8Array, bytes = Buffer.byteLength(payload)): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  writeFrameHeader(header, kind, bytes);
  return Buffer.concat([header, Buffer.from(payload as Uint8Array)]);
}

interface Fed {
  readonly child: ChildProcess;
  readonly stream: Duplex;
  readonly finished: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

describeUnless(whyNotRoot())('a stream that is not what it should be', () => {
  /** As in a home that only its owner may enter: mkdtemp makes it so. */
  let home = '';
  let page = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'hopscope-page-'));
    page = join(home, 'page');
    mkdirSync(page);
    chmodSync(page, 0o755);
    writeFileSync(join(page, 'index.html'), '<!doctype html>', { mode: 0o644 });
  });
  afterAll(() => rmSync(home, { recursive: true }));

  function feed(program: 'gateway' | 'printer', port = 0, assets = page): Fed {
    const localhost = '127.0.0.1';
    const gateway: GatewayConfig = {
      identity: NOBODY,
      port,
      addresses: [localhost],
      displayHost: localhost,
      assets,
      metrics: false,
      history: null,
    };
    const printer: PrinterConfig = {
      identity: NOBODY,
      count: null,
      what: 'ICMP echo',
      output: 'json-stages',
      table: 'end',
      utf8: true,
      timeoutMs: null,
      displayFilter: '',
      otlp: false,
    };
    const config = program === 'gateway' ? gateway : printer;
    const child = spawn(process.execPath, [join(DIST, `${program}.mjs`), JSON.stringify(config)], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (text) => {
      output.stdout += text;
    });
    child.stderr?.on('data', (text) => {
      output.stderr += text;
    });
    const stream = child.stdio[3] as Duplex;
    stream.on('error', () => undefined);
    return { child, stream, finished: once(child, 'close').then(([status]) => ({ status, ...output })) };
  }

  const broken: [string, Buffer, RegExp][] = [
    ['nothing at all', Buffer.alloc(0), /ended unexpectedly: /],
    ['the end after hello', start, /ended unexpectedly: /],
    ['the end in a frame header', Buffer.concat([start, Buffer.from([1, 0, 0])]), /in the middle of a frame/],
    ['the end in a record', Buffer.concat([start, hopsFrame(2).subarray(0, -1)]), /in the middle of a frame/],
    ['an unknown kind of frame', Buffer.concat([start, frame(9, '')]), /broken: unknown frame kind 9/],
    [
      'a frame that is too large',
      Buffer.concat([start, frame(FRAME_KIND.hops, '', FRAME_MAX_BYTES + 1)]),
      /broken: frame of/,
    ],
    ['text that is no JSON', Buffer.concat([start, frame(FRAME_KIND.control, '{')]), /broken: frame is not JSON/],
    ['text that is not UTF-8', Buffer.concat([start, frame(FRAME_KIND.control, Buffer.from([0xff]))]), /not UTF-8/],
    ['an unknown frame', Buffer.concat([start, frame(FRAME_KIND.control, '{"type":"x"}')]), /broken: frame/],
    ['a batch without a header', Buffer.concat([start, frame(FRAME_KIND.hops, 'x')]), /broken: hop batch of 1 bytes/],
    [
      'a batch that is none',
      Buffer.concat([start, frame(FRAME_KIND.hops, Buffer.alloc(64))]),
      /broken: not a hop batch/,
    ],
    [
      'a batch that promises more records',
      Buffer.concat([start, cutBatch()]),
      /broken: hop batch of 2 records should have/,
    ],
  ];

  /** A whole frame around a batch that is one byte short. */
  function cutBatch(): Buffer {
    return frame(FRAME_KIND.hops, hopsFrame(2).subarray(FRAME_HEADER_BYTES, -1));
  }

  describe.each(['gateway', 'printer'] as const)('%s', (program) => {
    test.each(broken)('%s: 1, one line, no stack', async (_what, bytes, expected) => {
      const { stream, finished } = feed(program);
      stream.end(bytes);
      const { status, stderr } = await finished;
      expect([status, stderr]).toEqual([1, expect.stringMatching(expected)]);
      expect(stderr).toMatch(/^(Tracing[^\n]*\n)?hopscope: [^\n]+\n$/);
    });

    test('a whole stream: 0', async () => {
      const { stream, finished } = feed(program);
      stream.end(Buffer.concat([start, hopsFrame(2), end]));
      expect(await finished).toMatchObject({ status: 0 });
    });

    test('records of garbage are no crash', async () => {
      const { stream, finished } = feed(program);
      const hops = hopsFrame(500);
      // Every byte value at every alignment, the same on every run.
      for (let i = FRAME_HEADER_BYTES + BATCH_HEADER_BYTES; i < hops.length; i++)
        hops[i] = (i * 167 + (i >> 8) * 13) & 0xff;
      stream.end(Buffer.concat([start, hops, end]));
      expect(await finished).toMatchObject({ status: 0 });
    });

    test('started by hand it says so', async () => {
      const child = spawn(process.execPath, [join(DIST, `${program}.mjs`)], { stdio: ['ignore', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      const [status] = await once(child, 'close');
      expect([status, stderr]).toEqual([2, 'hopscope: this program is started by hopscope, not by hand\n']);
    });
  });

  test('the printer refuses hops before hello, and records of another build', async () => {
    const early = feed('printer');
    early.stream.end(hopsFrame(1));
    expect(await early.finished).toMatchObject({ status: 1, stderr: expect.stringMatching(/hops came before hello/) });
    const other = feed('printer');
    other.stream.end(encodeControlFrame({ ...hello, protocol: 99 }));
    expect(await other.finished).toMatchObject({ status: 1, stderr: expect.stringMatching(/speaks protocol 99/) });
  });

  test('a page that is not built, or not for everybody to read: 1, and what to do', async () => {
    const missing = feed('gateway', 0, '/nowhere');
    expect(await missing.finished).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/not built.*npm run build/),
    });
    writeFileSync(join(home, 'index.html'), '<!doctype html>', { mode: 0o600 });
    const closed = feed('gateway', 0, home);
    expect(await closed.finished).toMatchObject({ status: 1, stderr: expect.stringMatching(/runs as nobody.*chmod/) });
  });

  test('a page that comes before hello waits and then gets everything in order', async () => {
    const port = await freePort();
    const { stream, finished } = feed('gateway', port);
    const page = await openWhenListening(port);
    expect(page.frames).toEqual([]);
    stream.write(start);
    await expect.poll(() => page.frames.map(({ type }) => type)).toEqual(['hello', 'topology']);
    stream.write(hopsFrame(2));
    await expect.poll(() => page.hopCount).toBe(2);
    stream.end(end);
    expect(await page.closed).toEqual({ code: 1001, reason: 'hopscope has ended' });
    expect(page.frames.map(({ type }) => type)).toEqual(['hello', 'topology', 'ledger']);
    expect(await finished).toMatchObject({ status: 0, stdout: `Hopscope is listening on http://127.0.0.1:${port}\n` });
  });

  test('a late page gets the topology as it is by then', async () => {
    const { stream, finished, child } = feed('gateway');
    stream.write(start);
    const port = Number(/:(\d+)\n/.exec(String(await once(child.stdout ?? stream, 'data')))?.[1]);
    const namespace = {
      id: 'c1',
      inum: 1,
      cookie: '1',
      host: true,
      names: [{ text: '<b>x</b>', source: 'own', image: '', project: '' }],
      links: [],
      defaultRoutes: [],
    };
    const patch = { type: 'topology-patch', version: 2, changes: [{ op: 'put', namespace }] };
    stream.write(frame(FRAME_KIND.control, JSON.stringify(patch)));
    stream.write(encodeControlFrame({ type: 'locations', names: { 1: 'ip_rcv+0x1' } }));
    stream.write(encodeControlFrame({ type: 'notice', level: 'warning', text: 'mind' }));
    stream.write(encodeControlFrame(ledger));
    const first = await openPage(port);
    await expect.poll(() => first.ledger()).toBeDefined();
    const page = await openPage(port);
    await expect.poll(() => page.ledger()).toBeDefined();
    expect(page.frames.slice(1)).toEqual([
      { type: 'topology', version: 2, topology: { namespaces: [namespace] } },
      { type: 'locations', names: { 1: 'ip_rcv+0x1' } },
      { type: 'notice', level: 'warning', text: 'mind' },
      ledger,
    ]);
    stream.end(end);
    expect(await finished).toMatchObject({ status: 0 });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The gateway announces itself only after hello. */
async function openWhenListening(port: number): Promise<Page> {
  const pages: Page[] = [];
  const open = () =>
    openPage(port).then(
      (page) => pages.push(page),
      () => 0,
    );
  await expect.poll(open, { timeout: 10_000 }).toBe(1);
  const [page] = pages;
  if (page === undefined) throw new Error('no page');
  return page;
}
