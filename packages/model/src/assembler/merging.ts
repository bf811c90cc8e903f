// GRO: a device may hand several segments of one flow to the stack as one. The first one grows, the others are gone without a trace:
// they were seen in napi_gro_receive_entry, and neither received nor freed after it. What shows it is that the first one is longer when
// it is received than it was when it came in.
import { type Hop, STAGE } from '@hopscope/protocol';
import type { Packet } from '../packet.ts';
import type { Segment } from './segment.ts';

export interface MergeIndex {
  /** Takes a hop of UDP or TCP in; answers the segments that it shows to have been merged into this one. */
  note(segment: Segment, hop: Hop, packet: Packet): readonly Segment[];
}

interface Waiting {
  readonly segment: Segment;
  readonly hop: Hop;
  readonly packet: Packet;
}

/** GRO holds eight flows a device and lets none grow beyond 64 KiB, 45 segments of an Ethernet frame. */
const PER_FLOW = 64;
const FLOWS = 1024;

const NOTHING: readonly Segment[] = [];

export function createMergeIndex(): MergeIndex {
  const flows = new Map<string, Waiting[]>();

  function hold(key: string, waiting: Waiting): void {
    const flow = flows.get(key);
    if (flow === undefined) flows.set(key, [waiting]);
    else if (flow.length < PER_FLOW) flow.push(waiting);
    else flows.set(key, [...flow.slice(1), waiting]);
    const [oldest] = flows.keys();
    if (flows.size > FLOWS && oldest !== undefined) flows.delete(oldest);
  }

  return {
    note(segment, hop, packet) {
      const isEntry = hop.stage === STAGE.napi_gro_receive_entry;
      if (!isEntry && (flows.size === 0 || !isReceived(hop))) return NOTHING;
      const { src, dst, ports } = packet;
      const key = `${hop.device} ${src} ${ports?.src} ${dst} ${ports?.dst} ${packet.protocol}`;
      if (isEntry) {
        hold(key, { segment, hop, packet });
        return NOTHING;
      }
      const flow = flows.get(key);
      const own = flow?.find((one) => one.segment === segment);
      if (flow === undefined || own === undefined) return NOTHING;
      const merged = partsOf(own, hop, flow);
      const rest = flow.filter((one) => one !== own && !merged.includes(one));
      if (rest.length === 0) flows.delete(key);
      else flows.set(key, rest);
      return merged.map((one) => one.segment);
    },
  };
}

function isReceived({ stage }: Hop): boolean {
  return stage === STAGE.netif_receive_skb_entry || stage === STAGE.netif_receive_skb;
}

/** Those of `flow` that came in while `own` was held and make up the bytes that it grew by. */
function partsOf(own: Waiting, received: Hop, flow: readonly Waiting[]): readonly Waiting[] {
  const grownBy = received.len - own.hop.len;
  if (grownBy <= 0) return [];
  const held = flow.filter((one) => one !== own && one.hop.t >= own.hop.t && one.hop.t <= received.t);
  return own.packet.protocol === 'tcp' ? bySequence(own, held, grownBy) : byLength(own, held, grownBy);
}

function bySequence(own: Waiting, held: readonly Waiting[], grownBy: number): readonly Waiting[] {
  const ahead = ({ packet }: Waiting): number => ((packet.tcp?.seq ?? 0) - (own.packet.tcp?.seq ?? 0)) >>> 0;
  const following = held.filter((one) => ahead(one) > 0);
  const ownBytes = Math.min(...following.map(ahead));
  return following.filter((one) => ahead(one) < ownBytes + grownBy);
}

const UDP_BYTES = 8;

/** UDP has no sequence numbers: the next ones in order of time, as many as fit. */
function byLength(own: Waiting, held: readonly Waiting[], grownBy: number): readonly Waiting[] {
  const { l3Offset, l4Offset } = own.hop;
  if (l4Offset === null || own.packet.outer.length > 0) return [];
  const headerBytes = l4Offset + UDP_BYTES - l3Offset;
  const parts: Waiting[] = [];
  let left = grownBy;
  for (const one of held) {
    if (left <= 0) break;
    left -= one.hop.len - headerBytes;
    parts.push(one);
  }
  return left === 0 ? parts : [];
}
