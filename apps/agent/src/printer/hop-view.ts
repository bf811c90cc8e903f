// What a hop's line says about its packet.
import { type Direction, type Exchange, type Journey, type Packet, parsePacket } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';

export interface HopView {
  readonly packet: Packet;
  /** Null for a later fragment whose first part was never seen: it carries no ICMP header. */
  readonly kind: Direction | null;
  readonly src: string;
  readonly dst: string;
  /** Of the echo; for an error of the one that it quotes. Null where it is not known. */
  readonly echo: { readonly id: number; readonly seq: number } | null;
  /** `#id.seq` */
  readonly label: string;
}

/** @returns null when the headers do not parse: nothing can be said then */
export function viewHop(hop: Hop, exchange: Exchange | undefined): HopView | null {
  const packet = parsePacket(hop);
  if (packet === null) return null;
  const fragment = packet.kind === 'fragment';
  const journey = fragment && exchange !== undefined ? findJourney(exchange, hop) : null;
  const known = fragment && journey !== null && exchange !== undefined;
  const echo = known ? { id: exchange.icmpId, seq: exchange.icmpSeq } : (packet.quoted?.icmp ?? packet.icmp);
  return {
    packet,
    kind: packet.kind === 'fragment' ? (journey?.direction ?? null) : packet.kind === 'data' ? 'request' : packet.kind,
    src: packet.src,
    dst: packet.dst,
    echo: echo === null ? null : { id: echo.id, seq: echo.seq },
    label: echo === null ? `#${packet.ipId}.---` : `#${echo.id}.${String(echo.seq).padStart(3, '0')}`,
  };
}

/** The journey of the exchange that this hop is part of. */
export function findJourney(exchange: Exchange, hop: Hop): Journey | null {
  const journeys = journeysOf(exchange);
  return journeys.find(({ packets }) => packets.includes(hop.packet)) ?? null;
}

export function journeysOf({ request, reply, errors }: Exchange): Journey[] {
  return [request, reply, ...errors].filter((journey) => journey !== null);
}
