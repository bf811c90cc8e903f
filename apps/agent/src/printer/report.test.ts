import { createAssembler, createPathStatistics, type Exchange } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import type { FrameSpec } from '../../../../packages/model/src/test-headers.ts';
import { dropReasons, readTrace } from '../../../../packages/model/src/test-trace.ts';
import { glyphsOf } from './glyphs.ts';
import { reportLines } from './report.ts';
import { createSurroundings } from './surroundings.ts';

const context = {
  surroundings: {
    ...createSurroundings(),
    netnsName: (netns: string | null) => (netns === web ? 'web' : 'ho\u001bst'),
  },
  glyphs: glyphsOf(true),
  colors: picocolors.createColors(false),
};

const frames = (seq: number): Record<string, FrameSpec> => ({
  p1: { src: '10.0.0.1', dst: '10.0.0.2', type: 8, id: 7, seq },
  p2: { src: '10.0.0.2', dst: '10.0.0.1', type: 0, id: 7, seq },
});

function exchange(seq: number, trace: string): Exchange {
  const assembler = createAssembler({ dropReasons });
  for (const hop of readTrace(frames(seq), trace)) assembler.add(hop);
  assembler.advance(1e13 as TimeNs);
  return assembler.exchange(assembler.ids()[0] ?? 0) as Exchange;
}

const replied = (seq: number, back: number) =>
  exchange(
    seq,
    `0 s1 p1 web/eth0 net_dev_queue
     5 s1 p1 host/veth1 netif_rx
     ${back} s2 p2 host/veth1 net_dev_queue
     ${back} s1 p1 host/veth1 consume_skb
     ${back + 5} s2 p2 web/eth0 netif_rx
     ${back + 9} s2 p2 web/eth0 kfree_skb NO_SOCKET dref=2`,
  );
const dropped = (seq: number) =>
  exchange(seq, '0 s1 p1 web/eth0 net_dev_queue\n 2 s1 p1 web/eth0 kfree_skb NETFILTER_DROP');
const web = dropped(1).request?.crossings[0]?.netns ?? null;

test("the table has mtr's columns for each device, there and back", () => {
  const statistics = createPathStatistics();
  for (const one of [replied(1, 10), replied(2, 20), replied(3, 12), dropped(4)]) statistics.add(one);
  expect(reportLines(statistics.paths(), 0, context)).toEqual([
    'ping 10.0.0.1 → 10.0.0.2 (web → ho?st): 4 sent, 3 replied, 1 dropped',
    '  direction  namespace  device  way  Loss%  Snt  Last   Avg  Best  Wrst  StDev  Jttr   RTT',
    '  request    web        eth0    out   0.0%    4   0.0   0.0   0.0   0.0    0.0   0.0  19.0',
    '  request    ho?st      veth1   in   25.0%    4   5.0   5.0   5.0   5.0    0.0   0.0   9.0',
    '  reply      ho?st      veth1   out  25.0%    4  12.0  14.0  10.0  20.0    5.3   9.0',
    '  reply      web        eth0    in   25.0%    4  17.0  19.0  15.0  25.0    5.3   9.0',
    '  ✕ 1 request dropped at eth0 in web: NETFILTER_DROP',
    '',
    'Times in µs since the first device; RTT: mean time from there until the reply was back there.',
  ]);
});

test('paths are told apart, what is not certain stands beside, and what was forgotten is said', () => {
  const statistics = createPathStatistics();
  statistics.add(replied(1, 10));
  statistics.add({ ...replied(2, 10), dst: '10.0.0.9' });
  statistics.add({ ...replied(3, 10), incomplete: true });
  const lines = reportLines(statistics.paths(), 3, context);
  expect(lines.filter((line) => line.startsWith('ping'))).toEqual([
    'ping 10.0.0.1 → 10.0.0.2 (web → ho?st): 1 sent, 1 replied, 1 unclear',
    'ping 10.0.0.1 → 10.0.0.9 (web → ho?st): 1 sent, 1 replied',
  ]);
  expect(lines.at(-1)).toMatch(/^3 other paths were forgotten/);
  expect(reportLines([], 0, context)).toEqual(['no exchange was seen']);
});
