// The second key: finds segments that may belong together by what their headers say. Being found is not being joined:
// link.ts and pair.ts decide, and the kernel's packet ids decide before them.
import type { Packet, Ports, Quoted } from '../packet.ts';
import { compareHops, firstOf, type Segment } from './segment.ts';

export interface KeyEntry {
  readonly key: string;
  readonly segments: Segment[];
}

/** Requests and replies of one conversation have the same key, client first. */
function echoKey(client: string, server: string, id: number, seq: number): string {
  return `${client} ${server} ${id} ${seq}`;
}

/** For a request to many: its replies come from other addresses than it went to. */
function groupKey(client: string, id: number, seq: number): string {
  return `${client} * ${id} ${seq}`;
}

/** One UDP datagram or TCP segment, as far as its headers tell it from others of its flow; `seq` is that of TCP. */
function dataKey({ protocol, src, dst, ipId }: Packet | Quoted, ports: Ports, seq: number | null): string {
  // Of IPv6 only fragments have an id, and it does not stay.
  const id = src.includes(':') ? 0 : ipId;
  return `${protocol} ${src} ${ports.src} ${dst} ${ports.dst} ${id} ${seq}`;
}

/** All fragments of one packet. A later fragment of IPv6 need not name the protocol. */
function fragmentKey({ family, protocol, src, dst, ipId }: Packet): string {
  return `${src} ${dst} fragment ${family === 4 ? protocol : ''} ${ipId}`;
}

/** Sent to a multicast or broadcast address. A subnet's broadcast address is told by the MAC address, where there is one. */
export function isToGroup(packet: Packet): boolean {
  if (packet.mac !== null && (parseInt(packet.mac.dst.slice(0, 2), 16) & 1) === 1) return true;
  if (packet.family === 6) return packet.dst.startsWith('ff');
  const firstByte = parseInt(packet.dst, 10);
  return (firstByte >= 224 && firstByte <= 239) || packet.dst === '255.255.255.255';
}

const ECHO_REQUESTS = new Set([8, 128]);

/** What an ICMP error is about. */
export function kindOfQuoted({ icmp }: Quoted): 'request' | 'reply' | 'data' {
  if (icmp === null) return 'data';
  return ECHO_REQUESTS.has(icmp.type) ? 'request' : 'reply';
}

export interface KeyIndex {
  /** Makes `segment` findable by this reading of its headers. */
  register(segment: Segment, packet: Packet): void;
  /** They share an skb: one may go on from the other, whatever NAT did to the headers in between. */
  relate(a: Segment, b: Segment): void;
  /** It takes no part in joining any more. */
  unregister(segment: Segment): void;
  /** Those that share a key with `segment`, when they are all UDP or TCP; else null. */
  flow(segment: Segment): readonly Segment[] | null;
  /** `segment` and all that shares a key with it, directly or through others, in order of first sight. */
  related(segment: Segment): Segment[];
  /** More segments under one key of this one than are worth comparing; the oldest of them. Null when there are not too many. */
  crowd(segment: Segment): Segment | null;
}

/**
 * Segments under one key that are compared with each other. More than that many packets under way at once with the same
 * addresses, id and sequence number are a flood that nothing could tell apart by its headers.
 */
const CROWD = 16;
/** A 64 KiB packet in fragments of 576 bytes is 119 of them, there and back. */
const FRAGMENTS = 256;

export function createKeyIndex(): KeyIndex {
  const entries = new Map<string, KeyEntry>();
  let round = 0;

  function add(segment: Segment, key: string): void {
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { key, segments: [segment] };
      entries.set(key, entry);
    } else if (entry.segments.includes(segment)) return;
    else entry.segments.push(segment);
    // Most segments have one key: an array that grows would take room for seventeen.
    segment.keys = segment.keys.length === 0 ? [entry] : [...segment.keys, entry];
  }

  return {
    register(segment, packet) {
      const { src, dst, icmp, quoted } = packet;
      if (packet.kind === 'fragment' || packet.fragment !== null) add(segment, fragmentKey(packet));
      if (packet.kind === 'request' && icmp !== null) {
        add(segment, echoKey(src, dst, icmp.id, icmp.seq));
        if (isToGroup(packet)) add(segment, groupKey(src, icmp.id, icmp.seq));
      } else if (packet.kind === 'reply' && icmp !== null) {
        const key = echoKey(dst, src, icmp.id, icmp.seq);
        const isExpected = entries.get(key)?.segments.some((one) => one.kind === 'request') === true;
        add(segment, key);
        if (!isExpected) add(segment, groupKey(dst, icmp.id, icmp.seq));
      } else if (packet.ports !== null) {
        add(segment, dataKey(packet, packet.ports, packet.tcp?.seq ?? null));
      } else if (quoted?.ports != null) {
        add(segment, dataKey(quoted, quoted.ports, quoted.seq));
      } else if (quoted?.icmp != null) {
        const [client, server] =
          kindOfQuoted(quoted) === 'request' ? [quoted.src, quoted.dst] : [quoted.dst, quoted.src];
        add(segment, echoKey(client, server, quoted.icmp.id, quoted.icmp.seq));
      }
    },
    relate(a, b) {
      const key = `skb ${Math.min(a.serial, b.serial)} ${Math.max(a.serial, b.serial)}`;
      add(a, key);
      add(b, key);
    },
    unregister(segment) {
      for (const entry of segment.keys) {
        const at = entry.segments.indexOf(segment);
        if (at >= 0) entry.segments.splice(at, 1);
        if (entry.segments.length === 0 && entries.get(entry.key) === entry) entries.delete(entry.key);
      }
      segment.keys = [];
    },
    flow({ keys }) {
      const [entry] = keys;
      if (entry === undefined || keys.length > 1) return null;
      for (const { kind } of entry.segments) if (kind !== 'data') return null;
      return entry.segments;
    },
    related(segment) {
      round += 1;
      const found = [segment];
      segment.mark = round;
      for (const one of found) {
        for (const entry of one.keys) {
          for (const other of entry.segments) {
            if (other.mark === round) continue;
            other.mark = round;
            found.push(other);
          }
        }
      }
      if (found.length > 1) found.sort((a, b) => compareHops(firstOf(a).hop, firstOf(b).hop));
      return found;
    },
    crowd(segment) {
      for (const { key, segments } of segment.keys) {
        if (segments.length > (key.includes('fragment') ? FRAGMENTS : CROWD)) return segments[0] ?? null;
      }
      return null;
    },
  };
}
