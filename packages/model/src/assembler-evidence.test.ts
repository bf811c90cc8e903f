// What the kernel did about a packet stands beside its drop, and changes nothing else.
import { FIB_LOOKUP_BYTES, FIB_OFFSET, type Hop, STAGE } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { assemble, exchangesOf, onlyExchange } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { placeOf, readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '172.17.0.2', dst: '192.0.2.9', type: 8, id: 7, seq: 1, ipId: 0x1234 };

const trace = `
   1  s1  p1  c1/eth0      net_dev_queue
   2  s1  p1  host/vethx1  netif_rx
   9  s1  p1  host/vethx1  kfree_skb  IP_INNOROUTES`;
const hops = readTrace({ p1: request }, trace);

function fibLookup(us: number, error: number, place: string): Hop {
  const headers = new Uint8Array(FIB_LOOKUP_BYTES);
  const view = new DataView(headers.buffer);
  view.setUint32(FIB_OFFSET.table, 254, true);
  view.setUint32(FIB_OFFSET.error, error, true);
  view.setUint32(FIB_OFFSET.family, 4, true);
  headers.set([172, 17, 0, 2], FIB_OFFSET.src);
  headers.set([192, 0, 2, 9], FIB_OFFSET.dst);
  const [hop] = readTrace({ p1: request }, `${us} s1 p1 ${place} kfree_skb`);
  return { ...(hop as Hop), stage: STAGE.fib_table_lookup, flags: 0, headers, l3Offset: 0xffff, l4Offset: null };
}

function icmpSend(us: number, place: string, packet = 'p1'): Hop {
  const [hop] = readTrace({ [packet]: request }, `${us} s1 ${packet} ${place} kfree_skb`);
  return { ...(hop as Hop), stage: STAGE.icmp_send, flags: 0, dropReason: (3 << 8) | 1 };
}

const evidence = [fibLookup(5, 0, 'host/vethx1'), fibLookup(7, 113, 'host/vethx1'), icmpSend(8, 'host/vethx1')];
const routes = [
  { table: 254, error: 0, family: 4, src: request.src, dst: request.dst, gateway: null, oif: 0 },
  { table: 254, error: 113, family: 4, src: request.src, dst: request.dst, gateway: null, oif: 0 },
];

describe('route lookups and ICMP errors that the kernel sends', () => {
  it('stand beside the drop of their packet, in order of time', () => {
    const all = [...hops.slice(0, 2), ...evidence, ...hops.slice(2)];
    expect(onlyExchange(assemble(all)).drop).toMatchObject({ routes, icmpSent: [{ type: 3, code: 1 }] });
  });

  it('may come late, twice, or before the packet was seen', () => {
    const orders = [
      [...evidence, ...hops],
      [...hops, ...evidence],
      [...evidence, ...evidence, ...hops, ...evidence].reverse(),
    ];
    for (const order of orders) {
      const { drop } = onlyExchange(assemble(order));
      expect(drop?.routes).toEqual(routes);
      expect(drop?.icmpSent).toEqual([{ type: 3, code: 1 }]);
    }
  });

  it('answer with the exchange that they change, which has a new view', () => {
    const assembler = assemble(hops);
    const [id = 0] = assembler.ids();
    const before = assembler.exchange(id);
    expect(assembler.add(evidence[0] as Hop)).toBe(id);
    expect(assembler.exchange(id)).not.toBe(before);
    expect(assembler.add(evidence[0] as Hop)).toBeNull();
  });

  it('are no sight of the packet: its way, times and verdict are those without them', () => {
    const more = [...evidence, fibLookup(3_000_000, 0, 'far/eth0')];
    for (let end = 1; end <= hops.length; end++) {
      const plain = onlyExchange(assemble(hops.slice(0, end)));
      const { drop, request: journey, ...rest } = onlyExchange(assemble([...hops.slice(0, end), ...more]));
      expect({ ...rest, drop: null, request: null }).toEqual({ ...plain, drop: null, request: null });
      expect(journey?.crossings).toEqual(plain.request?.crossings);
      expect(drop?.t).toBe(plain.drop?.t);
    }
    expect(exchangesOf(assemble(evidence))).toEqual([]);
  });

  it('belong to their packet alone, where it was dropped and until then', () => {
    const other = icmpSend(8, 'host/vethx1', 'p9');
    const elsewhere = fibLookup(6, 113, 'other/eth0');
    const later = fibLookup(10, 113, 'host/vethx1');
    expect(placeOf('other/eth0').netns).not.toBe(placeOf('host/vethx1').netns);
    const { drop } = onlyExchange(assemble([...hops, other, elsewhere, later]));
    expect(drop).toMatchObject({ routes: [], icmpSent: [] });
  });
});

it('takes the skb by which `ip route get` asked the kernel for no packet', () => {
  const [asked] = readTrace({ p9: request }, '20 s9 p9 host/vethx1 kfree_skb NOT_SPECIFIED');
  const assembler = assemble([]);
  assembler.addLocations({ 4: 'ip_error+0x94', 5: 'inet_rtm_getroute+0x549', 6: 'inet6_rtm_getroute' });
  for (const location of [5, 6]) expect(assembler.add({ ...(asked as Hop), location })).toBeNull();
  expect(assembler.ids()).toEqual([]);
  expect(assembler.add({ ...(asked as Hop), location: 4 })).not.toBeNull();
});
