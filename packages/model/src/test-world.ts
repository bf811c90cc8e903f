// A small machine for property tests: pings, UDP and TCP through containers, bridges, tunnels, NAT and rebuilt skbs, with the truth
// beside every hop.
//
// Client `cK` and server `sK` hang on the namespace `host` (or `hostK`) by veth pairs. All of them use the same addresses, ids and
// sequence numbers, so nothing but the kernel's ids and the places tell the pings apart. skbs are reused at once.
import { FLAG, type Hop, type StageName } from '@hopscope/protocol';
import type { FrameSpec } from './test-headers.ts';
import { makeHop } from './test-hops.ts';
import { placeOf } from './test-trace.ts';

export interface Ping {
  readonly what: 'echo' | 'udp' | 'tcp';
  /** Which client and server. */
  readonly pair: number;
  readonly startUs: number;
  /** Time between two hops. */
  readonly stepUs: number;
  readonly to: 'server' | 'outside' | 'self';
  readonly family: 4 | 6;
  readonly seq: number;
  /** Where on the request's way the skb gets a new data area, or is replaced as a whole. */
  readonly expandAt: number | null;
  readonly rebuildAt: number | null;
  /** Source and id are rewritten on the way out. */
  readonly nat: boolean;
  readonly neighbourClone: boolean;
  readonly sniffer: boolean;
  readonly flood: boolean;
  readonly fragments: number;
  /** The request is dropped at this step of its way. */
  readonly dropAt: number | null;
  /** The kernel answers the dropped request with an ICMP error. */
  readonly error: boolean;
  /** The socket that takes a UDP or TCP packet frees it without a trace. */
  readonly silent: boolean;
  /** Between the containers the packets are in VXLAN. */
  readonly tunnel: boolean;
  readonly cpu: number;
}

export interface WorldOptions {
  /** One host namespace for all pairs, or one for each. */
  readonly sharedHost: boolean;
}

/** A hop and the packet it really is of: `q` or `r` and the ping's number. */
export interface TruthHop {
  readonly hop: Hop;
  readonly truth: string;
}

interface Event {
  readonly t: number;
  readonly truth: string;
  /** Names of what the kernel tells apart. */
  readonly packet: string;
  readonly skb: string;
  readonly place: string;
  readonly stage: StageName;
  readonly frame: FrameSpec;
  readonly dataref?: number;
  readonly dropReason?: number;
  readonly cpu: number;
  /** It was made in this namespace. */
  readonly hasSocket?: boolean;
}

const OTHERHOST = 9;
const NETFILTER_DROP = 8;
const NO_SOCKET = 3;

/** Of one datagram alone: what quotes a fragment is another story. */
export function isAnsweredByError({ what, error, dropAt, to, fragments }: Ping): boolean {
  return what !== 'echo' && error && dropAt !== null && dropAt > 0 && dropAt < 3 && to !== 'self' && fragments === 0;
}

function hasTunnel({ tunnel, to, fragments }: Ping): boolean {
  return tunnel && to === 'server' && fragments === 0;
}

function inTunnel(frame: FrameSpec): FrameSpec {
  const mac = { src: '0a:00:00:00:00:01', dst: '0a:00:00:00:00:02' };
  return { src: '203.0.113.1', dst: '203.0.113.2', tunnel: { kind: 'vxlan', id: 7, frame: { ...frame, mac } } };
}

type Step = readonly [place: string, way: 'out' | 'in'];

const stagesOf = (way: 'out' | 'in'): StageName[] =>
  way === 'out' ? ['net_dev_queue', 'net_dev_start_xmit'] : ['netif_rx', 'netif_receive_skb'];

function eventsOf(ping: Ping, number: number, options: WorldOptions): Event[] {
  const { pair, family, cpu } = ping;
  const host = options.sharedHost ? 'host' : `host${pair}`;
  const events: Event[] = [];
  let t = ping.startUs * 1000;
  const ends = family === 4 ? ['10.0.0.1', '10.0.0.2', '192.0.2.1'] : ['fd00::1', 'fd00::2', '2001:db8::1'];
  const [client = '', server = '', translated = ''] = ends;
  const self = ping.to === 'self';
  const outside = ping.to === 'outside';
  const types = family === 4 ? [8, 0] : [128, 129];
  const face = (kind: 'q' | 'r', isTranslated: boolean): FrameSpec => {
    const from = isTranslated ? translated : client;
    const to = self ? client : server;
    const l4: Partial<FrameSpec> =
      ping.what === 'echo'
        ? { type: types[kind === 'q' ? 0 : 1] ?? 0, id: isTranslated ? 5000 + number : 77, seq: ping.seq }
        : { ports: [isTranslated ? 5000 + number : 40000, 53] };
    return {
      src: kind === 'q' ? from : to,
      dst: kind === 'q' ? to : from,
      ...l4,
      ...(ping.what === 'tcp' ? { tcp: { seq: 1000 * ping.seq } } : {}),
      ipId:
        family === 4 && kind === 'q' && ping.fragments === 0
          ? 4242
          : ping.fragments > 0
            ? 100 + number * 2 + (kind === 'q' ? 0 : 1)
            : 0,
    };
  };
  const there: Step[] = self
    ? [
        [`c${pair}/lo`, 'out'],
        [`c${pair}/lo`, 'in'],
      ]
    : outside
      ? [
          [`c${pair}/eth0`, 'out'],
          [`${host}/vc${pair}`, 'in'],
          [`${host}/docker0`, 'in'],
          [`${host}/up`, 'out'],
        ]
      : [
          [`c${pair}/eth0`, 'out'],
          [`${host}/vc${pair}`, 'in'],
          [`${host}/vs${pair}`, 'out'],
          [`s${pair}/eth0`, 'in'],
        ];
  const back: Step[] = self
    ? there
    : outside
      ? [
          [`${host}/up`, 'in'],
          [`${host}/docker0`, 'out'],
          [`${host}/vc${pair}`, 'out'],
          [`c${pair}/eth0`, 'in'],
        ]
      : [
          [`s${pair}/eth0`, 'out'],
          [`${host}/vs${pair}`, 'in'],
          [`${host}/vc${pair}`, 'out'],
          [`c${pair}/eth0`, 'in'],
        ];

  /** Walks a packet along its steps; answers whether it arrived. */
  function walk(
    kind: 'q' | 'r',
    steps: readonly Step[],
    fragment: number,
  ): { arrived: boolean; packet: string; skb: string; frame: FrameSpec } {
    const truth = `${kind}${number}`;
    const name = `${truth}.${fragment}`;
    let packet = name;
    // What comes from outside has no socket here.
    let hasSocket = !(outside && kind === 'r');
    let skb = name;
    let frame = face(kind, false);
    const natStep = outside && ping.nat ? (kind === 'q' ? 3 : 0) : -1;
    const emit = (more: Pick<Event, 'place' | 'stage'> & Partial<Event>): void => {
      t += Math.max(1, Math.round(ping.stepUs * 1000));
      const shaped =
        ping.fragments === 0
          ? frame
          : { ...frame, fragment: { offsetBytes: fragment * 1480, more: fragment < ping.fragments } };
      events.push({ t, truth, packet, skb, frame: shaped, cpu, hasSocket, ...more });
    };
    if (kind === 'q' && fragment === 0 && ping.neighbourClone) {
      emit({
        place: steps[0]?.[0] ?? '-',
        stage: 'consume_skb',
        skb: `${name}.neighbour`,
        dataref: 2,
        hasSocket: false,
      });
    }
    for (const [i, [place, way]] of steps.entries()) {
      const isTranslated = natStep >= 0 && (kind === 'q' ? i >= natStep : i <= natStep);
      // What came in by a device is not made here, whether or not the socket that it was made for is still remembered.
      if (i >= 1) hasSocket = false;
      frame = { ...face(kind, isTranslated), ttl: outside && i >= 3 ? 63 : 64 };
      if (kind === 'r' && outside) frame = { ...frame, ttl: i === 0 ? 64 : 63 };
      const bare = frame;
      if (hasTunnel(ping) && (i === 1 || i === 2)) frame = inTunnel(frame);
      if (kind === 'q' && fragment === 0 && ping.expandAt === i) packet = `${name}.expanded`;
      if (kind === 'q' && fragment === 0 && ping.rebuildAt === i && i > 0) {
        emit({ place, stage: 'consume_skb' });
        packet = `${name}.rebuilt`;
        skb = `${name}.rebuilt`;
        hasSocket = false;
      }
      if (kind === 'q' && ping.dropAt === i) {
        if (isAnsweredByError(ping)) sendError(bare);
        emit({ place, stage: 'kfree_skb', dropReason: NETFILTER_DROP });
        return { arrived: false, packet, skb, frame };
      }
      const floods = kind === 'q' && ping.flood && !outside && !self && i === 2 && fragment === 0;
      if (floods) {
        const clone = { skb: `${name}.branch`, dataref: 2, hasSocket: false };
        emit({ place: `${host}/vx${pair}`, stage: 'net_dev_queue', ...clone });
        emit({ place: `x${pair}/eth0`, stage: 'netif_rx', ...clone });
        emit({ place: `x${pair}/eth0`, stage: 'kfree_skb', dropReason: OTHERHOST, ...clone });
      }
      for (const stage of stagesOf(way)) {
        if (ping.sniffer && stage === 'net_dev_start_xmit') {
          emit({ place, stage: 'consume_skb', skb: `${name}.sniffed${i}`, dataref: 2, hasSocket: false });
        }
        emit({ place, stage });
      }
    }
    return { arrived: true, packet, skb, frame };
  }

  /** From the namespace where the request is dropped, back to where it came from. */
  function sendError(quoted: FrameSpec): void {
    const name = `e${number}`;
    const frame: FrameSpec = {
      src: family === 4 ? '10.0.0.254' : 'fd00::fe',
      dst: client,
      type: family === 4 ? 3 : 1,
      quoted,
    };
    const steps = [
      [`${host}/vc${pair}`, 'net_dev_queue'],
      [`c${pair}/eth0`, 'netif_rx'],
      [`c${pair}/eth0`, 'consume_skb'],
    ] as const;
    for (const [place, stage] of steps) {
      t += Math.max(1, Math.round(ping.stepUs * 1000));
      events.push({ t, truth: name, packet: name, skb: name, place, stage, frame, cpu });
    }
  }

  const requests = Array.from({ length: ping.fragments + 1 }, (_, i) => walk('q', there, i));
  const free = (
    kind: 'q' | 'r',
    fragment: number,
    more: Partial<Event> & Pick<Event, 'packet' | 'skb' | 'frame'>,
    place: string,
  ): void => {
    t += Math.max(1, Math.round(ping.stepUs * 1000));
    const shaped =
      ping.fragments === 0
        ? more.frame
        : { ...more.frame, fragment: { offsetBytes: fragment * 1480, more: fragment < ping.fragments } };
    events.push({ t, truth: `${kind}${number}`, place, stage: 'consume_skb', cpu, ...more, frame: shaped });
  };
  if (ping.what !== 'echo') {
    const end = outside ? there.at(-1)?.[0] : '-';
    for (const [i, one] of requests.entries()) {
      if (one.arrived && (outside || !ping.silent)) free('q', i, one, end ?? '-');
    }
    return events;
  }
  const isWhole = requests.every((one) => one.arrived);
  const target = there.at(-1)?.[0] ?? '-';
  if (outside)
    requests.forEach((one, i) => {
      if (one.arrived) free('q', i, one, target);
    });
  if (isWhole) {
    const replies = Array.from({ length: ping.fragments + 1 }, (_, i) => walk('r', back, i));
    if (!outside) for (const [i, one] of requests.entries()) free('q', i, one, target);
    replies.forEach((one, i) => {
      const home = back.at(-1)?.[0] ?? '-';
      free('r', i, { ...one, stage: 'kfree_skb', dropReason: NO_SOCKET, dataref: 2 }, home);
      free('r', i, { ...one, skb: `${one.skb}.socket` }, '-');
    });
  } else if (!outside)
    requests.forEach((one, i) => {
      if (one.arrived) free('q', i, one, target);
    });
  return events;
}

/** All hops of all pings, in order of time. */
export function buildWorld(pings: readonly Ping[], options: WorldOptions): TruthHop[] {
  const events = pings.flatMap((ping, number) => eventsOf(ping, number, options)).sort((a, b) => a.t - b.t);
  const packets = new Map<string, number>();
  const skbs = new Map<string, number>();
  const freed: number[] = [];
  let fresh = 0;
  let t = 0;
  return events.map((event, index) => {
    t = Math.max(t + 1, event.t); // an skb is not freed and used again within a nanosecond
    const packet = packets.get(event.packet) ?? packets.size + 1;
    packets.set(event.packet, packet);
    const skb = skbs.get(event.skb) ?? freed.pop() ?? ++fresh;
    skbs.set(event.skb, skb);
    const isFree = event.stage === 'kfree_skb' || event.stage === 'consume_skb';
    const dataref = event.dataref ?? 1;
    if (isFree) {
      skbs.delete(event.skb);
      freed.push(skb);
    }
    const hop = makeHop({
      index,
      t,
      packet,
      skb,
      ...placeOf(event.place),
      stage: event.stage,
      dataref,
      dropReason: event.dropReason ?? 0,
      flags: (isFree && dataref <= 1 ? FLAG.LAST : 0) | (event.hasSocket ? FLAG.FROM_HERE : 0),
      cpu: event.cpu,
      frame: event.frame,
    });
    return { hop, truth: event.truth };
  });
}
