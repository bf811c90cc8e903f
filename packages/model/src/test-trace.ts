// Hops for tests, written down as a trace:
//
//   readTrace({ p1: request, p2: reply }, `
//     50.0  s1  p1  c1/eth0      net_dev_queue
//     93.1  s2  p2  c1/eth0      kfree_skb      NO_SOCKET dref=2
//    105.0  s1  p2  -            consume_skb
//   `)
//
// Columns: µs, skb, packet, namespace/interface (`-`: no device), tracepoint, then a drop reason and options in any order.
// `p1.nat` is packet 1 with the headers given under that name; `p0` is a packet the kernel could not track.
import { FLAG, type Hop, type StageName } from '@hopscope/protocol';
import type { FrameSpec } from './test-headers.ts';
import { makeHop } from './test-hops.ts';

/** Like the kernel's names, with numbers of our own. */
export const dropReasons: Record<string, string> = {
  2: 'NOT_SPECIFIED',
  3: 'NO_SOCKET',
  8: 'NETFILTER_DROP',
  9: 'OTHERHOST',
  33: 'PACKET_SOCK_ERROR',
  6: 'SOCKET_RCVBUFF',
  51: 'NEIGH_FAILED',
  67: 'IP_INNOROUTES',
  70: 'QUEUE_PURGE',
};

const reasonNumber = (name: string): number | undefined => {
  const entry = Object.entries(dropReasons).find(([, text]) => text === name);
  return entry && Number(entry[0]);
};

// One numbering for all traces, so that the same name is the same device everywhere.
const namespaces = new Map<string, { inum: number; ifnames: string[] }>();

export function placeOf(name: string): { netns: number; ifindex: number; ifname: string } {
  if (name === '-') return { netns: 0, ifindex: 0, ifname: '' };
  const [netns = '', ifname = ''] = name.split('/');
  const known = namespaces.get(netns) ?? { inum: 4026531840 + namespaces.size, ifnames: [] };
  namespaces.set(netns, known);
  if (!known.ifnames.includes(ifname)) known.ifnames.push(ifname);
  return { netns: known.inum, ifindex: known.ifnames.indexOf(ifname) + 1, ifname };
}

export function readTrace(frames: Record<string, FrameSpec>, text: string): Hop[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines
    .filter((line) => line !== '')
    .map((line, index) => {
      const [us, skb, packet = '', device = '', stage, ...rest] = line.split(/\s+/);
      const options = new Map(rest.map((word) => word.split('=') as [string, string | undefined]));
      const reason = rest.map(reasonNumber).find((value) => value !== undefined) ?? 0;
      const frame = frames[packet];
      if (frame === undefined || skb === undefined) throw new Error(`no frame for ${packet} in: ${line}`);
      const dataref = Number(options.get('dref') ?? 1);
      const isFree = stage === 'kfree_skb' || stage === 'consume_skb';
      return makeHop({
        index,
        t: Math.round(Number(us) * 1000),
        skb: Number(skb.slice(1)),
        packet: Number(/^p(\d+)/.exec(packet)?.[1]),
        ...placeOf(device),
        stage: stage as StageName,
        dropReason: reason,
        dataref,
        location: Number(options.get('location') ?? 0),
        flags: isFree && dataref <= 1 ? FLAG.LAST : 0,
        frame: { ...frame, ttl: Number(options.get('ttl') ?? frame.ttl ?? 64) },
      });
    });
}
