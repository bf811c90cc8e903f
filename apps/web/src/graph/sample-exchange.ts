// Invented exchanges for tests: crossings written as `device way µs`.
import type { Crossing, Direction, Drop, Exchange, Journey, Packet } from '@hopscope/model';
import type { Hop, Topology } from '@hopscope/protocol';
import { deviceId } from '@hopscope/protocol';

const packet: Packet = {
  kind: 'request',
  protocol: 'icmp',
  family: 4,
  outer: [],
  src: '172.17.0.1',
  dst: '172.17.0.2',
  ttl: 64,
  ipId: 1,
  fragment: null,
  mac: null,
  vlans: [],
  icmp: { type: 8, code: 0, id: 7, seq: 1 },
  ports: null,
  tcp: null,
  mtu: null,
  quoted: null,
};

/** @param line `title/interface way µs`, for example `app-2/eth0 in 52.1` */
function sampleCrossing(topology: Topology, line: string): Crossing {
  const [place = '', way, us] = line.split(' ');
  const [title, ifname] = place.split('/');
  const namespace = topology.namespaces.find((each) => each.names[0]?.text === title);
  const link = namespace?.links.find((each) => each.name === ifname);
  if (namespace === undefined || link === undefined) throw new Error(`no ${place} in the topology`);
  const t = Math.round(Number(us) * 1000) as Crossing['t'];
  const device = deviceId(namespace.id, link.ifindex);
  const bytes = { headers: new Uint8Array(), l3Offset: 0 };
  const hop = { t, netns: namespace.id, device, ifname, ifindex: link.ifindex, skbIif: 0, ...bytes } as Hop;
  return {
    device,
    netns: namespace.id,
    netnsInum: namespace.inum,
    ifindex: link.ifindex,
    ifname: link.name,
    way: way === 'in' ? 'in' : 'out',
    t,
    hops: [hop],
    join: 'same-skb',
    packet,
  };
}

function sampleJourney(
  topology: Topology,
  direction: Direction,
  lines: readonly string[],
  fields: Partial<Journey> = {},
): Journey {
  const crossings = lines.map((line) => sampleCrossing(topology, line));
  const first = crossings[0] as Crossing;
  const last = crossings[crossings.length - 1] as Crossing;
  return {
    id: 1,
    direction,
    packets: [],
    family: 4,
    src: packet.src,
    dst: packet.dst,
    startNs: first.t,
    endNs: last.t,
    crossings,
    join: 'same-skb',
    verdict: 'delivered',
    drop: null,
    ...fields,
  };
}

export interface SampleExchange {
  readonly id?: number;
  readonly request: readonly string[];
  readonly reply?: readonly string[];
  readonly error?: readonly string[];
  /** `title/interface way µs` of the drop of the request. */
  readonly drop?: string;
}

export function sampleExchange(topology: Topology, sample: SampleExchange): Exchange {
  const at = sample.drop === undefined ? null : sampleCrossing(topology, sample.drop);
  const drop: Drop | null = at && {
    t: at.t,
    reason: 'NETFILTER_DROP',
    location: 'nf_hook_slow+0x9f',
    device: at.device,
    netns: at.netns,
    ifname: at.ifname,
    hop: at.hops[0] as Hop,
    packet,
    routes: [],
    icmpSent: [],
  };
  const request = sampleJourney(topology, 'request', sample.request, drop === null ? {} : { verdict: 'dropped', drop });
  const reply = sample.reply === undefined ? null : sampleJourney(topology, 'reply', sample.reply);
  return {
    id: sample.id ?? 1,
    kind: 'echo',
    protocol: 'icmp',
    family: 4,
    src: packet.src,
    dst: packet.dst,
    icmpId: 7,
    icmpSeq: 1,
    ports: null,
    tuples: [],
    startNs: request.startNs,
    request,
    reply,
    errors: sample.error === undefined ? [] : [sampleJourney(topology, 'error', sample.error)],
    verdict: drop !== null ? 'dropped' : reply === null ? 'in-flight' : 'replied',
    rttNs: reply === null ? null : reply.endNs - request.startNs,
    isOtherWayBack: reply === null ? null : false,
    join: 'same-skb',
    drop,
    incomplete: false,
  };
}
