// Pages of every kind: well-behaved, ill-behaved, hostile, stalled. Each gets what it may have, and none disturbs another.
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { CLIENT_FRAME_MAX_BYTES, SOCKET_PATH } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { imbalance, openFiles, openPage, type Page, type Serving, startServe, statusOf } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

/** Root may flood; it ends by its count. Not synchronously: the test's own pages must go on reading. */
async function pingLocalhost(count: number): Promise<void> {
  await promisify(execFile)('ping', ['-q', '-f', '-c', String(count), '127.0.0.1']);
}

/** Sends a request byte for byte and answers everything that came back until the connection ended. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no end after: ${answer}`)));
  });
}

const upgrade = (headers: readonly string[], path = SOCKET_PATH) =>
  [
    `GET ${path} HTTP/1.1`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    '',
  ].join('\r\n');

describeUnless(whyNotRoot())('pages', () => {
  let agent: Serving;
  beforeAll(async () => {
    agent = await startServe();
  });
  afterAll(async () => {
    await agent.stop('SIGINT');
  });

  async function openLivePage(options = {}): Promise<Page> {
    const page = await openPage(agent.port, options);
    await expect.poll(() => page.frames.some(({ type }) => type === 'topology')).toBe(true);
    return page;
  }

  test('the gateway has no privilege at all', () => {
    const status = (field: string) => statusOf(agent.gatewayPid, field);
    expect(status('Uid')).not.toMatch(/\b0\b/);
    expect(status('Gid')).not.toMatch(/\b0\b/);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect([set, status(set)]).toEqual([set, '0'.repeat(16)]);
    expect([status('NoNewPrivs'), status('Seccomp')]).toEqual(['1', '2']);
  });

  test('a page gets hello, then the topology, then hops in order with nothing missing', async () => {
    const page = await openLivePage();
    expect(page.frames.slice(0, 2).map(({ type }) => type)).toEqual(['hello', 'topology']);
    await pingLocalhost(5);
    await expect.poll(() => page.hops.filter(({ ifname }) => ifname === 'lo').length).toBeGreaterThanOrEqual(5 * 8);
    const indexes = page.hops.map(({ index }) => index);
    expect(indexes).toEqual(indexes.map((_, i) => (indexes[0] ?? 0) + i));
    await expect.poll(() => page.ledger()?.delivered).toBeGreaterThanOrEqual(page.hops.length);
    expect(imbalance(page.ledger() ?? (Number.NaN as never))).toBe(0);
    page.socket.close();
  });

  test.each([
    ['no JSON', '{', 1008, /not JSON/],
    ['JSON that is no frame', '[]', 1008, /frame/],
    ['a frame that does not exist', '{"type":"shutdown"}', 1008, /type/],
    ['an acknowledgement of nonsense', '{"type":"ack","hop":-1}', 1008, /hop/],
    ['an acknowledgement of text', '{"type":"ack","hop":"1e999"}', 1008, /hop/],
    ['bytes', Buffer.from([1, 2, 3]), 1008, /text/],
    ['more than a page ever sends', 'x'.repeat(CLIENT_FRAME_MAX_BYTES + 1), 1009, /^$/],
    ['text that is not UTF-8', { invalid: true }, 1007, /^$/],
  ])('%s: only this page is closed, with the reason', async (_what, message, code, reason) => {
    const other = await openLivePage();
    const page = await openLivePage();
    if (typeof message === 'object' && 'invalid' in message)
      page.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    else page.socket.send(message);
    expect(await page.closed).toEqual({ code, reason: expect.stringMatching(reason) });
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    other.socket.close();
  });

  test('frames that break the WebSocket protocol end the connection and nothing else', async () => {
    const headers = [`Host: 127.0.0.1:${agent.port}`, `Origin: http://127.0.0.1:${agent.port}`];
    const broken = [
      '\x81\x05hello',
      '\xff\xff\xff\xff',
      '\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0',
      '\x09\xfe\x10\x00',
    ];
    for (const bytes of broken) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect({ port: agent.port, host: '127.0.0.1' }, () => socket.write(upgrade(headers)));
        let text = '';
        let sent = false;
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1');
          if (!sent) socket.write(Buffer.from(bytes, 'latin1'));
          sent = true;
        });
        socket.on('close', () => resolve(text));
        socket.on('error', reject);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    }
    const page = await openLivePage();
    page.socket.close();
  });

  test('a stalled page at a flood: whole journeys are left out and counted, and nobody else notices', async () => {
    const good = await openLivePage({ keep: false });
    const stalled = await openLivePage({ keep: false });
    await pingLocalhost(20_000);
    stalled.socket.pause();
    // About 1.3 million records, 280 MiB: more than could hide in a buffer.
    for (let i = 0; i < 6; i++) await pingLocalhost(20_000);
    stalled.socket.resume();
    await expect.poll(() => leftOutFor(stalled), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => [good, stalled].map(missing), { timeout: 10_000 }).toEqual([0, 0]);
    // A ledger comes once a second while anything changes; a fast machine is through before the third.
    const fewestLedgers = async () => {
      await pingLocalhost(5);
      return Math.min(good.ledgers.length, stalled.ledgers.length);
    };
    await expect.poll(fewestLedgers, { timeout: 10_000 }).toBeGreaterThan(2);
    for (const page of [good, stalled]) {
      const [, first, ...rest] = page.ledgers;
      expect(rest.length).toBeGreaterThan(0);
      for (const { ledger, hopCount } of rest) {
        expect(imbalance(ledger)).toBe(0);
        // Exact at every ledger, not only at the end.
        expect(ledger.delivered - (first?.ledger.delivered ?? 0)).toBe(hopCount - (first?.hopCount ?? 0));
      }
    }
    expect(leftOutFor(stalled)).toBeGreaterThan(leftOutFor(good));
    // Nothing was cut: a flood's journeys are short, and there is room for those that had begun.
    expect(stalled.ledger()?.lost['page-queue'] ?? 0).toBe(0);
    // It goes on, and in a while with everything.
    await expect.poll(() => followsAll(stalled), { timeout: 10_000 }).toBe(true);
    const sofar = stalled.hopCount;
    await pingLocalhost(5);
    await expect.poll(() => stalled.hopCount, { timeout: 10_000 }).toBeGreaterThanOrEqual(sofar + 40);
    good.socket.close();
    stalled.socket.close();
  });

  test('a page that stands still at a flood costs the gateway at most 8 MiB', async () => {
    const page = await openLivePage({ keep: false });
    // Until the collector of the gateway's heap has found its measure: no more growth in ten floods, 13 million records at most.
    let reading = 0;
    for (let floods = 0, calm = 0; calm < 10 && floods < 60; floods++) {
      await pingLocalhost(10_000);
      calm = residentMiB() > reading + 1 ? 0 : calm + 1;
      reading = Math.max(reading, residentMiB());
    }
    page.socket.pause();
    const stopped: number[] = [];
    for (let floods = 0; floods < 31; floods++) {
      await pingLocalhost(10_000);
      stopped.push(residentMiB());
    }
    // The median: on a busy machine the collector comes late now and then, and that is not the page's doing.
    const median = stopped.sort((a, b) => a - b)[15] ?? Number.NaN;
    expect(median - reading).toBeLessThan(8);
    page.socket.resume();
    await expect.poll(() => missing(page), { timeout: 10_000 }).toBe(0);
    page.socket.close();
  });

  function residentMiB(): number {
    return Number.parseInt(statusOf(agent.gatewayPid, 'VmRSS'), 10) / 1024;
  }

  /** Hops that were delivered according to the last ledger and have not come. */
  function missing({ ledgers, hopCount }: Page): number {
    const [, first] = ledgers;
    const last = ledgers.at(-1);
    if (first === undefined || last === undefined) return Number.NaN;
    return last.ledger.delivered - first.ledger.delivered - (hopCount - first.hopCount);
  }

  function leftOutFor(page: Page): number {
    return page.ledger()?.lost['page-sampled'] ?? 0;
  }

  /** The level goes down though no hops come; the capture's own ledgers come only with hops. */
  function followsAll(page: Page): boolean {
    return page.ledger()?.sampledOneIn === 1;
  }

  test('at most 60 messages a second, however many hops', async () => {
    const page = await openLivePage({ keep: false });
    const started = Date.now();
    const before = page.messages;
    // How many of a flood's hops come depends on the machine: the faster the flood, the more of it is left out.
    const elapsed = () => (Date.now() - started) / 1000;
    for (let floods = 0; floods < 200 && (elapsed() < 2 || page.hopCount < 50_000); floods++)
      await pingLocalhost(10_000);
    expect(page.hopCount).toBeGreaterThanOrEqual(50_000);
    const seconds = Math.max(1, elapsed());
    expect((page.messages - before) / seconds).toBeLessThanOrEqual(60);
    page.socket.close();
  });

  test('a page is told the time-out, and the last ledger is told to who started the agent', async () => {
    const patient = await startServe(['--timeout', '7.5']);
    const page = await openPage(patient.port);
    await expect.poll(() => page.ledger()).toBeDefined();
    const hello = page.frames.find(({ type }) => type === 'hello');
    expect(hello).toMatchObject({ timeoutMs: 7500 });
    await pingLocalhost(5);
    await expect.poll(() => page.hopCount).toBeGreaterThanOrEqual(5 * 8);
    expect(await patient.stop('SIGINT')).toBe(0);
    const [, seen, delivered] = /^seen (\d+), delivered (\d+), missed 0$/.exec(patient.stderr.at(-1) ?? '') ?? [];
    expect(Number(seen)).toBeGreaterThanOrEqual(page.hopCount);
    expect(delivered).toBe(seen);
  });

  test('pages come and go and leave no descriptor behind; too many are refused', async () => {
    // An agent of its own: the pages of the tests before may still be on their way out.
    const fresh = await startServe();
    const before = openFiles(fresh.gatewayPid);
    const pages = await Promise.all(Array.from({ length: 32 }, () => openPage(fresh.port)));
    await expect(openPage(fresh.port)).rejects.toThrow(/503/);
    for (const page of pages) page.socket.terminate();
    await expect.poll(() => openFiles(fresh.gatewayPid)).toBeLessThanOrEqual(before);
    const page = await openPage(fresh.port);
    page.socket.close();
    expect(await fresh.stop('SIGINT')).toBe(0);
  });

  test('Host and Origin: what is not a page of ours gets no byte of data', async () => {
    const host = `Host: localhost:${agent.port}`;
    const origin = `Origin: http://localhost:${agent.port}`;
    const refused: [string, RegExp][] = [
      [upgrade([host]), /^HTTP\/1\.1 403 /],
      [upgrade([host, 'Origin: null']), /^HTTP\/1\.1 403 /],
      [upgrade([host, 'Origin: http://evil.example']), /^HTTP\/1\.1 403 /],
      [upgrade([host, `Origin: https://localhost:${agent.port}`]), /^HTTP\/1\.1 403 /],
      [upgrade([host, 'Origin: http://localhost:1']), /^HTTP\/1\.1 403 /],
      [upgrade([host, 'Origin: http://[::1']), /^HTTP\/1\.1 403 /],
      [upgrade([`Host: evil.example:${agent.port}`, origin]), /^HTTP\/1\.1 403 /],
      [
        upgrade([`Host: 127.0.0.1.nip.io:${agent.port}`, `Origin: http://127.0.0.1.nip.io:${agent.port}`]),
        /^HTTP\/1\.1 403 /,
      ],
      [upgrade([`Host: [::ffff:127.0.0.1]:${agent.port}`, origin]), /^HTTP\/1\.1 403 /],
      [upgrade(['Host: localhost', 'Origin: http://localhost']), /^HTTP\/1\.1 403 /],
      [upgrade([host, host, origin]), /^HTTP\/1\.1 40[03] /],
      [upgrade([origin]), /^HTTP\/1\.1 40[03] /],
      [upgrade([host, origin], '/other'), /^HTTP\/1\.1 404 /],
      [upgrade([host, origin], `http://evil.example${SOCKET_PATH}`), /^HTTP\/1\.1 400 /],
      ['GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', /^HTTP\/1\.1 403 /],
      [`GET / HTTP/1.1\r\n${host}\r\nOrigin: http://evil.example\r\n\r\n`, /^HTTP\/1\.1 403 /],
      ['GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`POST / HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`, /^HTTP\/1\.1 405 /],
      [`OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n`, /^HTTP\/1\.1 400 /],
      ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
      [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n\r\n`, /^HTTP\/1\.1 (400|431) /],
    ];
    for (const [request, expected] of refused) {
      const answer = await raw(agent.port, request);
      expect([request, answer]).toEqual([request, expect.stringMatching(expected)]);
      expect(answer).not.toMatch(/101|hello|<!doctype|Access-Control/i);
    }
  });

  test('odd requests for files are answered, and none gets out of the folder', async () => {
    const host = `Host: localhost:${agent.port}\r\nConnection: close`;
    const get = (path: string, more = '') => raw(agent.port, `GET ${path} HTTP/1.1\r\n${host}\r\n${more}\r\n`);
    expect(await get('/')).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*Content-Security-Policy: default-src 'none'[\s\S]*<!doctype html/i,
    );
    expect(await get('/', 'Range: bytes=10-5\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await get('/', 'Range: bytes=a-b\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    for (const path of [
      '/nothing',
      '/..',
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/%00',
      '/%',
      '//etc/passwd',
      '/./../../../../etc/passwd',
    ]) {
      expect([path, await get(path)]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 404 /)]);
    }
  });
});
