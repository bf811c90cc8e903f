// `trace --otlp` as a user runs it, live and on a recording, against a real HTTP server.
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCompanion } from './support/child.ts';
import { PROGRAM } from './support/hopscope.ts';
import { type OverloadLab, startOverloadLab } from './support/overload-lab.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { runIn } from './support/run.ts';

const RULES = `
table ip traces {
  chain input {
    type filter hook input priority 0;
    icmp type echo-request drop
  }
}
`;

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Readonly<Record<string, unknown>> }[];
  readonly events?: readonly { name: string; attributes: Span['attributes'] }[];
  readonly status?: { code: number; message: string };
}

const RECORDING = join(import.meta.dirname, '../../recordings/containers.hops');

describeUnless(whyNotRoot(), whyNoPrograms())('trace --otlp', () => {
  let server: Server;
  let env: NodeJS.ProcessEnv;
  let spans: Span[] = [];
  let lab: OverloadLab;
  /** Whose connections they were. */
  const uids = new Set<number>();
  let failures = 0;

  beforeAll(async () => {
    lab = await startOverloadLab();
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        uids.add(uidOf(request.socket.remotePort ?? 0));
        if (failures-- > 0) return response.writeHead(503).end();
        expect([request.method, request.url]).toEqual(['POST', '/v1/traces']);
        const { resourceSpans } = JSON.parse(body);
        for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
        return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  });
  afterAll(() => {
    server?.close();
    lab?.lab.stop();
  });

  /** The owner of the socket on the other side, as the kernel has it. */
  function uidOf(port: number): number {
    const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
    return Number(lines.map((line) => line.trim().split(/\s+/)).find((fields) => fields[1]?.endsWith(end))?.[7]);
  }

  const textOf = (one: { attributes: Span['attributes'] }, key: string) =>
    one.attributes.find((attribute) => attribute.key === key)?.value.stringValue;

  function expectWellFormed(): void {
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect([span.startTimeUnixNano, span.endTimeUnixNano].join()).toMatch(/^\d{19},\d{19}$/);
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
      const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
      expect(span.parentSpanId === undefined || parent?.traceId === span.traceId).toBe(true);
    }
  }

  test('live: a trace for each ping, a span for each hop, a drop as an error; sent by a process without privilege', async () => {
    failures = 1;
    const filter = [...lab.netns].flatMap((inum) => ['--filter-netns', String(inum)]);
    const trace = startCompanion([process.execPath, PROGRAM, 'trace', '--otlp', '--report', ...filter], { env });
    await trace.waitForLine(/^Tracing/);
    await runIn(lab.lab, 'a', ['ping', '-n', '-q', '-c', '5', '-i', '0.01', '10.7.7.2']);
    await runIn(lab.lab, 'b', ['nft', '-f', '-'], RULES);
    await runIn(lab.lab, 'a', ['ping', '-n', '-q', '-c', '1', '-W', '1', '10.7.7.2']);
    expect(await trace.stop('SIGINT')).toBe(0);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.map((root) => textOf(root, 'hopscope.verdict'))).toEqual([...Array(5).fill('replied'), 'dropped']);
    // a0, p0, p1, b0 and back.
    const [first, last] = [roots[0], roots.at(-1)];
    const hops = (root: Span | undefined) =>
      spans.filter((span) => span.parentSpanId !== undefined && span.traceId === root?.traceId);
    expect([hops(first).length, hops(last).length]).toEqual([8, 4]);
    expect(last?.status).toEqual({ code: 2, message: 'NETFILTER_DROP' });
    const dead = hops(last).at(-1);
    expect([dead?.status?.code, dead?.events?.map(({ name }) => name)]).toEqual([2, ['dropped']]);
    expectWellFormed();
    expect([...uids]).toEqual([65534]);
    expect(trace.stderr).toContain(`traces: sent ${spans.length} spans, lost 0`);
    expect(trace.stderr.some((line) => line.includes('HTTP 503'))).toBe(true);
  });

  test('a recording: what passes the display filter is sent; what is not taken makes it fail', async () => {
    spans = [];
    const argv = ['trace', '-r', RECORDING, '--otlp', '--report', '--display-filter', 'icmp.seq == 1'];
    // Not synchronously: the server is this process.
    const run = await promisify(execFile)(process.execPath, [PROGRAM, ...argv], { env });
    expect(run.stderr).toContain(`\ntraces: sent ${spans.length} spans, lost 0\n`);
    expectWellFormed();
    const printed = spawnSync(
      process.execPath,
      [PROGRAM, ...argv.filter((word) => word !== '--otlp' && word !== '--report'), '--json'],
      { encoding: 'utf8' },
    );
    const exchanges = printed.stdout.split('\n').filter((line) => line.includes('"type":"exchange"')).length;
    expect([spans.filter(({ parentSpanId }) => parentSpanId === undefined).length, exchanges > 0]).toEqual([
      exchanges,
      true,
    ]);

    const refused = spawnSync(process.execPath, [PROGRAM, ...argv], {
      encoding: 'utf8',
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
    });
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/ECONNREFUSED[\s\S]*lost \d+ \(gave-up \d+\)/),
    ]);
  }, 30_000);

  test('a variable that cannot be followed: 2, before anything is started', () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'trace', '--otlp'], {
      encoding: 'utf8',
      env: { ...process.env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^hopscope: OTEL_EXPORTER_OTLP_PROTOCOL [^\n]+\n$/)]);
  });
});
