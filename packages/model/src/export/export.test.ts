import { netnsId, type Topology } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createPathStatistics } from '../path-statistics/path-statistics.ts';
import { assemble, onlyExchange } from '../test-assemble.ts';
import type { FrameSpec } from '../test-headers.ts';
import { sampleHello } from '../test-hello.ts';
import { readTrace } from '../test-trace.ts';
import { pathsToCsv } from './csv.ts';
import { escapeMarkdown, exchangeToMarkdown } from './markdown.ts';
import { exchangesToOtlp } from './otlp.ts';
import { createPcapngWriter } from './pcapng.ts';
import { topologyToDot, topologyToMermaid } from './topology-text.ts';

const HOSTILE = '"|<img src=x onerror=alert(1)>`\n=1+1;';
const titleOf = () => HOSTILE;
const request: FrameSpec = { src: '172.17.0.2', dst: '203.0.113.66', type: 8, id: 5, seq: 3, ttl: 64 };
const exchange = onlyExchange(
  assemble(
    readTrace(
      { p1: request, p2: { ...request, src: '192.0.2.2', ttl: 63 } },
      `
   1.0  s1  p1  web/eth0   net_dev_queue
   2.0  s1  p1  host/veth1 netif_rx
   4.0  s1  p2  host/eth0  net_dev_queue
   5.5  s1  p2  host/eth0  kfree_skb  NETFILTER_DROP`,
    ),
  ),
);
const epochNs = 1_790_000_000_000_000_000n;

describe('Markdown', () => {
  const text = exchangeToMarkdown(exchange, {
    titleOf,
    hello: sampleHello,
    ledger: null,
    sentence: 'A rule `drop` | dropped it.',
    evidence: { 'netfilter.rule': 'ip daddr 203.0.113.66 drop | `x`' },
    epochNs,
    filter: '',
  });
  it('says what, why and each hop with what changed', () => {
    expect(text).toContain('## ping \\#5.3 172.17.0.2 → 203.0.113.66: dropped');
    expect(text).toMatch(
      /\| request 3 \| 3\.0 µs \| .* \| out \| \S+ \| source translated: 172\.17\.0\.2 → 192\.0\.2\.2/,
    );
  });
  it('lets no name out of its cell', () => {
    for (const line of text.split('\n').filter((one) => one.startsWith('| request'))) {
      expect(line.replaceAll('\\|', '').split('|')).toHaveLength(9);
    }
    expect(text.replace(/`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)<img/);
  });
  it('makes no link and no entity of a text', () => {
    expect(escapeMarkdown('https://x.example WWW.x.example a@x.example &lt;')).toBe(
      'https\\://x.example WWW\\.x.example a\\@x.example \\&lt;',
    );
    expect(escapeMarkdown('fd00::1 eth0.10 10.0.0.1:80')).toBe('fd00::1 eth0.10 10.0.0.1:80');
  });
});

describe('the topology as text', () => {
  const link = { type: 1, mac: '', mtu: 1500, up: true, operstate: 'up', master: 0, portState: '', addresses: [] };
  const none = { vlanId: 0, vxlanId: 0, vxlanRemote: '' };
  const [a, b] = [netnsId('1', 1), netnsId('2', 2)];
  const namespace = { cookie: '', host: false, names: [], defaultRoutes: [] };
  const topology = {
    namespaces: [
      {
        ...namespace,
        id: a,
        inum: 1,
        links: [
          { ...link, ...none, ifindex: 2, name: HOSTILE, kind: 'bridge', peer: null },
          { ...link, ...none, ifindex: 3, name: 'v', kind: 'veth', master: 2, peer: { netns: b, ifindex: 2 } },
        ],
      },
      {
        ...namespace,
        id: b,
        inum: 2,
        links: [{ ...link, ...none, ifindex: 2, name: 'eth0', kind: 'veth', peer: { netns: a, ifindex: 3 } }],
      },
    ],
  } satisfies Topology;

  it('draws each wire once and each port, in Mermaid', () => {
    const text = topologyToMermaid(topology, { titleOf });
    expect(text.match(/---/g)).toHaveLength(2);
    expect(text).toContain('ns0_if3 ---|"veth"| ns1_if2');
    expect(text).toContain('ns0_if3 ---|"port"| ns0_if2');
    expect(text).not.toContain('<img');
  });
  it('and in DOT', () => {
    const text = topologyToDot(topology, { titleOf });
    expect(text).toContain('ns0_if3 -- ns1_if2 [label="veth"];');
    expect(text).toContain('label="\\"|<img');
  });
});

it.each(['=1', '+1', '-1', '@A1', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠A1'])(
  'CSV: %j is no formula',
  (name) => {
    const statistics = createPathStatistics();
    statistics.add(exchange);
    expect(pathsToCsv(statistics.paths(), { titleOf: () => name })).toMatch(/,request,1,"?'/);
  },
);

it('CSV has a line for each hop, and no formula', () => {
  const statistics = createPathStatistics();
  statistics.add(exchange);
  const lines = pathsToCsv(statistics.paths(), { titleOf: () => '=1+1,"x"' }).split('\r\n');
  expect(lines).toHaveLength(1 + 3 + 1);
  expect(lines[0]).toMatch(/^path,protocol,source,/);
  expect(lines[1]).toContain(`"'=1+1,""x"""`);
});

describe('OTLP', () => {
  const options = { hello: sampleHello, titleOf, epochNs, resource: { 'service.name': 'net' } };
  const { resourceSpans } = JSON.parse(exchangesToOtlp([exchange], options));
  const { spans } = resourceSpans[0].scopeSpans[0];
  it('has a root span and one for each hop, in one trace', () => {
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span: { traceId: string }) => span.traceId)).size).toBe(1);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[\da-f]{32}$/);
      expect(span.spanId).toMatch(/^[\da-f]{16}$/);
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
    expect(spans[1]).toMatchObject({ parentSpanId: spans[0].spanId, startTimeUnixNano: String(epochNs + 1000n) });
  });
  it('tells the drop as an error with an event', () => {
    expect(spans[3]).toMatchObject({ status: { code: 2, message: 'NETFILTER_DROP' }, events: [{ name: 'dropped' }] });
    expect(spans[1].status).toBeUndefined();
  });
});

describe('pcapng', () => {
  const writer = createPcapngWriter({ epochNs, each: 'hops', application: 'hopscope', system: 'Linux' });
  const surroundings = { topology: { namespaces: [] }, titleOf: () => 'web', sentenceOf: () => 'Because.' };
  const file = [writer.head, ...writer.add(exchange, surroundings), ...writer.finish()];
  const views = file.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));

  it('is made of whole blocks: a section, interfaces before their packets', () => {
    expect(views.map((view) => view.getUint32(0, true))).toEqual([0x0a0d0d0a, 1, 1, 1, 6, 6, 6, 6]);
    for (const view of views) {
      expect(view.byteLength % 4).toBe(0);
      expect(view.getUint32(4, true)).toBe(view.byteLength);
      expect(view.getUint32(view.byteLength - 4, true)).toBe(view.byteLength);
    }
  });
  it('gives each packet its time in ns and its whole header', () => {
    const packet = views[4] as DataView;
    const t = (BigInt(packet.getUint32(12, true)) << 32n) | BigInt(packet.getUint32(16, true));
    expect(t).toBe(epochNs + 1000n);
    expect(packet.getUint32(20, true)).toBe(exchange.request?.crossings[0]?.hops[0]?.headers.length);
    const last = new TextDecoder().decode(file.at(-1));
    expect(last).toContain('dropped: NETFILTER_DROP');
  });
});
