// What a hop's line says about its packet.
import { type Direction, type Exchange, type Journey, type Packet, parsePacket } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import { journeysOf } from '../lib/open-exchanges.ts';
import { echoLabel } from './words.ts';

export interface HopView {
  readonly packet: Packet;
  /** Null for a later fragment whose first part was never seen: it carries no ICMP header. */
  readonly kind: Direction | null;
  readonly src: string;
  readonly dst: string;
  /** Of the echo; for an error of the one that it quotes. Null where it is not known. */
  readonly echo: { readonly id: number; readonly seq: number } | null;
  /** What stands in front of the addresses: `request`, `reply`, `error`, `frag`, `udp`, `tcp`. */
  readonly word: string;
  /** `#id.seq`; empty for UDP and TCP. */
  readonly label: string;
}

/** @returns null when the headers do not parse: nothing can be said then */
export function viewHop(hop: Hop, exchange: Exchange | undefined): HopView | null {
  const packet = parsePacket(hop);
  if (packet === null) return null;
  const fragment = packet.kind === 'fragment';
  const journey = fragment && exchange !== undefined ? findJourney(exchange, hop) : null;
  const echo = fragment ? echoOf(journey === null ? undefined : exchange) : (packet.quoted ?? packet).icmp;
  return {
    packet,
    kind: packet.kind === 'fragment' ? (journey?.direction ?? null) : packet.kind === 'data' ? 'request' : packet.kind,
    src: packet.src,
    dst: packet.dst,
    echo: echo === null ? null : { id: echo.id, seq: echo.seq },
    word: wordOf(packet, journey === null ? undefined : exchange, journey?.direction ?? null),
    label: labelOf(packet, echo),
  };
}

function echoOf(exchange: Exchange | undefined): HopView['echo'] {
  return exchange?.kind === 'echo' ? { id: exchange.icmpId, seq: exchange.icmpSeq } : null;
}

function labelOf({ kind, ipId, quoted }: Packet, echo: HopView['echo']): string {
  if (kind === 'fragment' && echo === null) return `#${ipId}.---`;
  return echo === null || (kind === 'error' && quoted === null) ? '' : echoLabel(echo);
}

function wordOf({ kind, protocol }: Packet, exchange: Exchange | undefined, direction: Direction | null): string {
  if (kind === 'data') return protocol;
  if (kind !== 'fragment') return kind;
  return exchange !== undefined && exchange.kind !== 'echo' ? exchange.kind : (direction ?? 'frag');
}

/** The journey of the exchange that this hop is part of. */
export function findJourney(exchange: Exchange, hop: Hop): Journey | null {
  const journeys = journeysOf(exchange);
  return journeys.find(({ packets }) => packets.includes(hop.packet)) ?? null;
}
