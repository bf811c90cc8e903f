import { expect, test } from 'vitest';
import { createAssembler } from '../assembler.ts';
import type { Crossing, Exchange, Journey } from '../exchange.ts';
import type { FrameSpec } from '../test-headers.ts';
import { dropReasons, readTrace } from '../test-trace.ts';
import { exchangeJson } from './exchange-json.ts';
import { createExchangeText } from './exchange-text.ts';
import { safeJson } from './plain-text.ts';

const request: FrameSpec = { src: '10.0.0.1', dst: '10.0.0.2', type: 8, id: 7, seq: 1 };
const reply: FrameSpec = { src: '10.0.0.2', dst: '10.0.0.1', type: 0, id: 7, seq: 1 };

const REPLIED = `
   0 s1 p1 web/eth0   net_dev_queue
   2 s1 p1 web/eth0   net_dev_start_xmit
   5 s1 p1 host/veth1 netif_rx
  10 s2 p2 host/veth1 net_dev_queue
  11 s1 p1 host/veth1 consume_skb
  15 s2 p2 web/eth0   netif_rx
  25 s3 p2 -          consume_skb`;
const DROPPED = `
  0 s1 p1 web/eth0   net_dev_queue
  5 s1 p1 host/veth1 netif_rx
  9 s1 p1 host/veth1 kfree_skb NETFILTER_DROP`;
const UNPLACED = `
  9 s1 p1 - kfree_skb NETFILTER_DROP`;

const context = {
  epochNs: 1_700_000_000_000_000_000n,
  surroundings: {
    netnsName: () => 'a"\u202e\u009b\\',
    explain: () => ({ evidence: {}, sentence: 'It is "so".' }),
  },
};

function exchangeOf(trace: string): Exchange {
  const assembler = createAssembler({ dropReasons });
  for (const hop of readTrace({ p1: request, p2: reply }, trace)) assembler.add(hop);
  const exchange = assembler.exchange(assembler.ids()[0] ?? 0);
  if (exchange === undefined) throw new Error('the trace holds no exchange');
  return exchange;
}

/** Tagged and in a tunnel, with a name that somebody chose. */
function wrapped(exchange: Exchange): Exchange {
  const outer = [{ kind: 'vxlan', src: '192.0.2.1', dst: '192.0.2.2', id: 42 }] as const;
  const wrap = (one: Crossing): Crossing => ({
    ...one,
    ifname: '"\u200f',
    packet: { ...one.packet, vlans: [5, 6], outer },
  });
  const inside = (journey: Journey | null) => journey && { ...journey, crossings: journey.crossings.map(wrap) };
  return { ...exchange, request: inside(exchange.request) };
}

test.each([
  ['answered', exchangeOf(REPLIED)],
  ['dropped', exchangeOf(DROPPED)],
  ['dropped on no device', exchangeOf(UNPLACED)],
  ['in a tunnel', wrapped(exchangeOf(REPLIED))],
])('is what JSON.stringify makes of an exchange that was %s', (_, exchange) => {
  const text = createExchangeText({ schema: 1 }, context)(exchange);
  expect(text).toBe(safeJson({ schema: 1, ...exchangeJson(exchange, context) }));
});
