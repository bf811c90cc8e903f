import type { TimeNs } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../exchange.ts';
import { assemble, exchangesOf } from '../test-assemble.ts';
import type { FrameSpec } from '../test-headers.ts';
import { readTrace } from '../test-trace.ts';
import { addToBook, createBook } from './path-book.ts';
import type { PathReport } from './path-report.ts';
import { createPathStatistics, type PathStatistics } from './path-statistics.ts';

const ends = { src: '172.17.0.2', dst: '172.17.0.3', id: 7 };

const request = (seq: number): FrameSpec => ({ ...ends, type: 8, seq, ipId: 1000 + seq });
const reply = (seq: number): FrameSpec => ({ ...ends, src: ends.dst, dst: ends.src, type: 0, seq });

/** Where the lines of a ping are cut off. */
const THERE = `
    0  s1  p1  c1/eth0      net_dev_queue
    2  s1  p1  host/vethx1  netif_rx
    8  s1  p1  host/vethx2  net_dev_queue
    9  s1  p1  c2/eth0      netif_rx`;
const BACK = `
   30  s2  p2  c2/eth0      net_dev_queue
   32  s2  p2  host/vethx2  netif_rx
   33  s1  p1  c2/eth0      consume_skb
   36  s2  p2  host/vethx1  net_dev_queue
   37  s2  p2  c1/eth0      netif_rx
   43  s2  p2  c1/eth0      kfree_skb    NO_SOCKET dref=2
   45  s3  p2  -            consume_skb`;

function exchangeOf(text: string, seq: number): Exchange {
  const faces = {
    p1: request(seq),
    p2: reply(seq),
    'p1.nat': { ...request(seq), src: '192.0.2.2' },
    'p2.nat': { ...reply(seq), dst: '192.0.2.2' },
  };
  const hops = readTrace(faces, text);
  const assembler = assemble(hops);
  assembler.advance(1e13 as TimeNs);
  const [exchange] = exchangesOf(assembler);
  if (exchange === undefined) throw new Error('no exchange');
  return exchange;
}

const replied = (seq = 1) => exchangeOf(THERE + BACK, seq);
/** Dies in the bridge, after its second device. */
const dropped = (seq = 1) =>
  exchangeOf(`${THERE.split('\n').slice(0, 3).join('\n')}\n 4 s1 p1 host/vethx1 kfree_skb NETFILTER_DROP`, seq);
const answerLost = (seq = 1) => exchangeOf(THERE + BACK.split('\n').slice(0, 3).join('\n'), seq);

function after(...exchanges: readonly Exchange[]): PathStatistics {
  const statistics = createPathStatistics();
  for (const exchange of exchanges) statistics.add(exchange);
  return statistics;
}

function only(statistics: PathStatistics): PathReport {
  const paths = statistics.paths();
  expect(paths).toHaveLength(1);
  return paths[0] as PathReport;
}

/** `request vethx1 in 10/7 30 %` */
const lines = ({ hops }: PathReport) =>
  hops.map(
    ({ direction, ifname, way, sent, seen, loss }) =>
      `${direction} ${ifname} ${way} ${sent}/${seen} ${Math.round(loss * 100)} %`,
  );

describe('a path', () => {
  it('has a hop for each device crossing, there and back, with times since the first', () => {
    const path = only(after(replied(1), replied(2)));
    expect(path).toMatchObject({ kind: 'echo', protocol: 'icmp', family: 4, src: ends.src, dst: ends.dst, sent: 2 });
    expect(lines(path)).toEqual([
      ...[
        'request eth0 out 2/2 0 %',
        'request vethx1 in 2/2 0 %',
        'request vethx2 out 2/2 0 %',
        'request eth0 in 2/2 0 %',
      ],
      ...['reply eth0 out 2/2 0 %', 'reply vethx2 in 2/2 0 %', 'reply vethx1 out 2/2 0 %', 'reply eth0 in 2/2 0 %'],
    ]);
    expect(path.hops.map(({ sinceStart }) => sinceStart?.lastNs)).toEqual(
      [0, 2, 8, 9, 30, 32, 36, 37].map((us) => us * 1000),
    );
    expect(path.hops.map(({ roundTrip }) => roundTrip?.meanNs ?? null)).toEqual([
      ...[37_000, 34_000, 24_000, 21_000],
      ...[null, null, null, null],
    ]);
    expect(path.verdicts).toEqual({ replied: 2, delivered: 0, dropped: 0, error: 0, 'lost-sight': 0 });
  });

  it.each([
    ['after', [replied(1), dropped(2), dropped(3), replied(4)]],
    ['before', [dropped(2), dropped(3), replied(1), replied(4)]],
  ])('counts a packet that died half way as sent, %s the whole path is known', (_when, exchanges) => {
    const path = only(after(...exchanges));
    expect(lines(path)).toEqual([
      ...[
        'request eth0 out 4/4 0 %',
        'request vethx1 in 4/4 0 %',
        'request vethx2 out 4/2 50 %',
        'request eth0 in 4/2 50 %',
      ],
      ...['reply eth0 out 4/2 50 %', 'reply vethx2 in 4/2 50 %', 'reply vethx1 out 4/2 50 %', 'reply eth0 in 4/2 50 %'],
    ]);
    expect(path.drops).toEqual([
      expect.objectContaining({ direction: 'request', reason: 'NETFILTER_DROP', ifname: 'vethx1', count: 2 }),
    ]);
    expect(path.verdicts).toMatchObject({ replied: 2, dropped: 2 });
  });

  it('shows where the answer was lost', () => {
    const path = only(after(replied(1), answerLost(2)));
    expect(lines(path).slice(-3)).toEqual([
      'reply vethx2 in 2/2 0 %',
      'reply vethx1 out 2/1 50 %',
      'reply eth0 in 2/1 50 %',
    ]);
    expect(path.verdicts).toMatchObject({ replied: 1, 'lost-sight': 1 });
  });

  it('of packets that all die ends where they die, and is the beginning of what gets further', () => {
    const first = dropped(1);
    expect(lines(only(after(first)))).toEqual(['request eth0 out 1/1 0 %', 'request vethx1 in 1/1 0 %']);
    expect(lines(only(after(first, answerLost(2), dropped(3))))[2]).toBe('request vethx2 out 3/1 67 %');
  });

  it('that is whole takes in nothing that ends well elsewhere', () => {
    const shorter = exchangeOf(
      `0 s1 p1 c1/eth0 net_dev_queue
       2 s1 p1 host/vethx1 netif_rx
       5 s2 p2 host/vethx1 net_dev_queue
       6 s1 p1 host/vethx1 consume_skb
       7 s2 p2 c1/eth0 netif_rx
       8 s2 p2 c1/eth0 kfree_skb NO_SOCKET dref=2
       9 s3 p2 - consume_skb`,
      5,
    );
    const paths = after(replied(1), shorter, replied(2)).paths();
    expect(paths.map(({ sent, hops }) => [sent, hops.length])).toEqual([
      [2, 8],
      [1, 4],
    ]);
  });

  it('is another one for other addresses, and the same with other addresses put on by NAT on the way', () => {
    const plain = exchangeOf(THERE + BACK, 1);
    const translated = exchangeOf(
      (THERE + BACK)
        .replace(/p1 (.*vethx2|.*c2.eth0 .*netif)/g, 'p1.nat $1')
        .replace(/p2 (.*c2.eth0|.*vethx2)/g, 'p2.nat $1'),
      2,
    );
    expect(translated.tuples.length).toBeGreaterThan(plain.tuples.length);
    expect(only(after(translated))).toMatchObject({ src: ends.src, dst: ends.dst });
    expect(after(plain, { ...plain, src: '172.17.0.9' }).paths()).toHaveLength(2);
  });

  it('is the branch that got there when the frame was flooded', () => {
    const flooded = exchangeOf(
      `${THERE.split('\n').slice(0, 3).join('\n')}
       3 s5 p1 host/vethx3 net_dev_queue dref=2
       4 s5 p1 c3/eth0     netif_rx dref=2
       5 s5 p1 c3/eth0     kfree_skb OTHERHOST dref=2
       ${THERE.split('\n').slice(3).join('\n')} ${BACK}`,
      1,
    );
    expect(flooded.request?.crossings).toHaveLength(6);
    expect(lines(only(after(flooded, replied(2))))).toEqual(lines(only(after(replied(1), replied(2)))));
  });

  it("of a fragmented packet is its first fragment's", () => {
    const fragments = {
      p1: { ...request(1), fragment: { offsetBytes: 0, more: true } },
      p3: { ...request(1), fragment: { offsetBytes: 1480, more: false } },
      p2: reply(1),
    };
    const assembler = assemble(
      readTrace(fragments, `${THERE}\n 1 s6 p3 c1/eth0 net_dev_queue\n 3 s6 p3 host/vethx1 netif_rx\n${BACK}`),
    );
    const [exchange] = exchangesOf(assembler);
    expect(exchange?.request?.crossings).toHaveLength(6);
    expect(only(after(exchange as Exchange)).hops).toHaveLength(8);
  });
});

describe('what is not certain', () => {
  it.each([
    ['ambiguous', { verdict: 'ambiguous' }],
    ['in flight', { verdict: 'in-flight' }],
    ['incomplete', { incomplete: true }],
    ['without its request', { request: null }],
  ] as const)('is counted apart: %s', (_what, more) => {
    const unclear: Exchange = { ...dropped(9), ...more };
    const path = only(after(unclear, replied(1), unclear, replied(2)));
    expect(path).toMatchObject({ sent: 2, unclear: 2, verdicts: { replied: 2, dropped: 0 } });
    expect(path.hops.every(({ loss }) => loss === 0)).toBe(true);
  });
});

describe('the latest round trips', () => {
  it('are told in order, with those that were never answered', () => {
    const path = only(after(replied(1), dropped(2), replied(3)));
    expect(path.recent.map(({ rttNs }) => rttNs)).toEqual([37_000, null, 37_000]);
  });

  it('are 120 at most, the newest', () => {
    const one = replied(1);
    const many = Array.from(
      { length: 300 },
      (_, i): Exchange => ({ ...one, startNs: (one.startNs + i * 1e6) as TimeNs }),
    );
    const { recent } = only(after(...many));
    expect([recent.length, recent[0]?.atNs, recent.at(-1)?.atNs]).toEqual([
      120,
      one.startNs + 180e6,
      one.startNs + 299e6,
    ]);
  });

  it('are none for a packet that awaits no answer', () => {
    expect(only(after({ ...dropped(1), kind: 'udp' })).recent).toEqual([]);
  });
});

describe('memory', () => {
  it('has room for the paths used last', () => {
    const statistics = createPathStatistics({ keepPaths: 3 });
    const from = (n: number): Exchange => ({ ...replied(1), src: `10.0.0.${n}` });
    for (const n of [1, 2, 3, 1, 4, 5]) statistics.add(from(n));
    expect(statistics.paths().map(({ src }) => src)).toEqual(['10.0.0.1', '10.0.0.4', '10.0.0.5']);
    expect(statistics.forgotten).toBe(2);
    const few = createPathStatistics({ keepHops: 17 });
    for (const n of [1, 2, 3]) few.add(from(n));
    expect([few.paths().length, few.forgotten]).toEqual([2, 1]);
  });

  it('does not grow with the number of exchanges, whatever they are', () => {
    const samples = [replied(1), dropped(2), answerLost(3), { ...replied(4), verdict: 'ambiguous' as const }];
    const exchange = fc
      .record({ sample: fc.nat(samples.length - 1), host: fc.nat(40), shift: fc.nat(1e6) })
      .map(({ sample, host, shift }): Exchange => {
        const base = samples[sample] as Exchange;
        return { ...base, src: `10.0.0.${host}`, startNs: (base.startNs - shift) as TimeNs };
      });
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 150, maxLength: 250 }), (exchanges) => {
        const book = createBook({ paths: 8, hops: 50 });
        // Every hop's histograms full, the tables full: nothing can come on top.
        const most = 8 * (20 + 241) + 50 * (30 + 2 * 1400);
        for (let round = 0; round < 4; round++) for (const one of exchanges) addToBook(book, one);
        const before = numbersIn(book);
        expect(before).toBeLessThan(most);
        for (let round = 0; round < 4; round++) for (const one of exchanges) addToBook(book, one);
        expect(numbersIn(book)).toBe(before);
      }),
      { numRuns: 20 },
    );
  });
});

/** Numbers stored in it, wherever they are. */
function numbersIn(value: unknown): number {
  if (typeof value === 'number') return 1;
  if (value instanceof Uint32Array || value instanceof Float64Array) return value.length;
  if (value instanceof Map) return numbersIn([...value]);
  if (value instanceof Set) return numbersIn([...value]);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + numbersIn(each), 0);
}
