// Against a real HTTP server that fails first, in each way that one can.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { createSender, type Sender, type SenderOptions } from './sender.ts';
import { readOtlpSettings } from './settings.ts';

interface Request {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
}

type Answer = (response: ServerResponse, request: Request) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

const ok: Answer = (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
const status =
  (code: number, headers = {}, body = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

/** A collector that gives each answer once, the last one for ever. */
async function listen(...answers: readonly Answer[]): Promise<{ requests: Request[]; env: NodeJS.ProcessEnv }> {
  const requests: Request[] = [];
  server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part) => parts.push(part));
    incoming.on('end', () => {
      const bytes = Buffer.concat(parts);
      const body = String(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
      const request = { path: incoming.url ?? '', headers: incoming.headers, body, atMs: performance.now() };
      const answer = answers[Math.min(requests.length, answers.length - 1)] ?? ok;
      requests.push(request);
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { requests, env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } };
}

const QUICK = { gatherMs: 5, firstWaitMs: 40, longestWaitMs: 1000, giveUpMs: 5000 };

function sendTo(env: NodeJS.ProcessEnv, limits: SenderOptions['limits'] = {}): Sender & { said: string[] } {
  const said: string[] = [];
  const document = { head: '[', tail: ']' };
  const options = { settings: readOtlpSettings(env), document, say: (line: string) => said.push(line) };
  const sender = createSender({ ...options, limits: { ...QUICK, ...limits } });
  return Object.defineProperty(sender, 'said', { value: said }) as Sender & { said: string[] };
}

const spansOf = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));
const numbersIn = (requests: readonly Request[]) => requests.flatMap(({ body }) => JSON.parse(body) as number[]);

describe('an answer that asks for patience', () => {
  test.each([429, 502, 503, 504])('%i: the same batch again, each time after a longer while', async (code) => {
    const { requests, env } = await listen(status(code), status(code), status(code), ok);
    const sender = sendTo(env);
    sender.add(spansOf(3));
    await sender.finish(5000);
    expect(requests.map(({ body }) => body)).toEqual(Array(4).fill('[0,1,2]'));
    const waits = requests.slice(1).map(({ atMs }, i) => atMs - (requests[i]?.atMs ?? 0));
    // 40, 80 and 160 ms, a fifth more or less.
    for (const [i, least] of [32, 64, 128].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least - 2);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([3, {}]);
    expect(sender.said).toEqual([expect.stringContaining(`HTTP ${code}`)]);
  });

  test.each([
    ['in seconds', () => '1'],
    ['as a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('Retry-After %s is kept to', async (_how, header) => {
    const { requests, env } = await listen(
      (response) => status(503, { 'Retry-After': header() })(response, {} as Request),
      ok,
    );
    const sender = sendTo(env);
    sender.add(spansOf(1));
    await sender.finish(5000);
    const [first, second] = requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(950);
    expect(sender.sentSpans).toBe(1);
  });

  test.each(['0', '-1', 'Mon, 01 Jan 2001 00:00:00 GMT'])('Retry-After %s: no sooner than without', async (header) => {
    const { requests, env } = await listen(status(429, { 'Retry-After': header }));
    const sender = sendTo(env);
    sender.add(spansOf(1));
    await sender.finish(500);
    // At 0, 40, 120 and 280 ms, a fifth more or less.
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expect(requests.length).toBeLessThanOrEqual(5);
  });

  test('who has only so long gives up at once where the server asks for more', async () => {
    const { requests, env } = await listen(status(429, { 'Retry-After': '999999' }));
    const sender = sendTo(env, { patienceMs: 2000 });
    sender.add(spansOf(2));
    await sender.finish(60_000);
    expect(requests.length).toBe(1);
    expect(sender.lostSpans).toEqual({ 'gave-up': 2 });
  });

  test('a server that never answers is said to be one', async () => {
    const { env } = await listen(() => undefined);
    const sender = sendTo({ ...env, OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, { giveUpMs: 100 });
    sender.add(spansOf(1));
    await sender.finish(5000);
    expect(sender.said).toEqual([expect.stringContaining('no answer within 200 ms')]);
  });

  test.each([
    ['a connection that is cut', (response: ServerResponse) => void response.destroy()],
    ['a server that never answers', () => undefined],
  ])('%s: again', async (_what, answer) => {
    const { requests, env } = await listen(answer, ok);
    const sender = sendTo({ ...env, OTEL_EXPORTER_OTLP_TIMEOUT: '300' });
    sender.add(spansOf(2));
    await sender.finish(5000);
    expect(requests.length).toBe(2);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([2, {}]);
  });

  test('nobody listens: tried again until it is given up, and counted', async () => {
    const { env } = await listen(ok);
    await new Promise((resolve) => server?.close(resolve));
    const sender = sendTo(env, { giveUpMs: 200 });
    sender.add(spansOf(4));
    await sender.finish(5000);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([0, { 'gave-up': 4 }]);
    expect(sender.said).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });
});

describe('an answer that is final', () => {
  test.each([301, 400, 401, 404, 408, 413, 500, 501])('%i: not sent again, counted, and said why', async (code) => {
    const { requests, env } = await listen(
      status(code, { Location: '/elsewhere' }, '{"message":"bad \\u001b[31mspan"}'),
      ok,
    );
    const sender = sendTo(env, { batchSpans: 2 });
    sender.add(spansOf(2));
    sender.add(spansOf(2, 2));
    await sender.finish(5000);
    expect(requests.map(({ body }) => body)).toEqual(['[0,1]', '[2,3]']);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([2, { refused: 2 }]);
    expect(sender.said).toEqual([expect.stringMatching(new RegExp(`HTTP ${code}: bad .*span$`))]);
    expect(sender.said[0]).not.toContain('\u001b');
  });

  test('no more are said to be rejected than were sent', async () => {
    const { env } = await listen(status(200, {}, '{"partialSuccess":{"rejectedSpans":"99999999"}}'));
    const sender = sendTo(env);
    sender.add(spansOf(3));
    await sender.finish(5000);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([0, { rejected: 3 }]);
    expect(sender.said[0]).toContain(': 3 spans were rejected');
  });

  test('partial success: not sent again, the rejected ones are counted', async () => {
    const body = '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}';
    const { requests, env } = await listen(status(200, {}, body), ok);
    const sender = sendTo(env);
    sender.add(spansOf(5));
    await sender.finish(5000);
    expect(requests.length).toBe(1);
    expect([sender.sentSpans, sender.lostSpans]).toEqual([3, { rejected: 2 }]);
    expect(sender.said[0]).toContain('2 spans were rejected: too old');
  });
});

test('traces are sent in batches and never cut, and what waits is bounded and counted', async () => {
  const held: ServerResponse[] = [];
  const { requests, env } = await listen((response) => void held.push(response), ok);
  const sender = sendTo(env, { batchSpans: 10, queueBytes: 100 });
  for (let i = 0; i < 12; i++) sender.add(spansOf(4, 10 + 4 * i));
  // 16 bytes a trace: 6 of 12 find room while nothing is taken.
  expect(sender.lostSpans).toEqual({ 'queue-full': 24 });
  await expect.poll(() => held.length).toBe(1);
  ok(held[0] as ServerResponse, requests[0] as Request);
  await sender.finish(5000);
  expect(numbersIn(requests)).toEqual(spansOf(24, 10).map(Number));
  expect(requests.map(({ body }) => JSON.parse(body).length)).toEqual([8, 8, 8]);
  expect(sender.sentSpans).toBe(24);
});

test('the end comes in time though the server does not answer', async () => {
  const { env } = await listen(() => undefined);
  const sender = sendTo(env);
  sender.add(spansOf(3));
  const started = performance.now();
  await sender.finish(200);
  expect(performance.now() - started).toBeLessThan(2000);
  expect([sender.sentSpans, sender.lostSpans]).toEqual([0, { 'gave-up': 3 }]);
});

test('path, headers and compression are as the variables say', async () => {
  const { requests, env } = await listen(ok);
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  const more = [
    { OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/otel/`, OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x = y' },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://nowhere.invalid',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${base}/own`,
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    },
  ];
  for (const each of more) {
    const sender = sendTo(each);
    sender.add(spansOf(2));
    await sender.finish(5000);
  }
  expect(requests.map(({ path }) => path)).toEqual(['/otel/v1/traces', '/own']);
  expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'api-key': 'a b', x: 'y' });
  expect(requests[1]?.headers['content-encoding']).toBe('gzip');
  expect(requests.map(({ body }) => body)).toEqual(['[0,1]', '[0,1]']);
});

describe('variables that cannot be followed', () => {
  test.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /^OTEL_EXPORTER_OTLP_PROTOCOL .*http\/json/],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }, /^OTEL_EXPORTER_OTLP_TRACES_PROTOCOL /],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, /^OTEL_EXPORTER_OTLP_ENDPOINT .*http:/],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }, /^OTEL_EXPORTER_OTLP_TIMEOUT /],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, /^OTEL_EXPORTER_OTLP_HEADERS is not of the form/],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, /^OTEL_EXPORTER_OTLP_COMPRESSION /],
    [{ OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/ca.pem' }, /^OTEL_EXPORTER_OTLP_CERTIFICATE /],
  ])('%j', (env, message) => {
    expect(() => readOtlpSettings(env)).toThrow(message);
  });

  test('without any, traces go where a collector listens by default; an empty one counts as none', () => {
    expect(readOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }).url.href).toBe('http://localhost:4318/v1/traces');
    expect(
      readOtlpSettings({ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'a=1,service.name=y' }).resource,
    ).toEqual({
      a: '1',
      'service.name': 'x',
    });
  });
});
