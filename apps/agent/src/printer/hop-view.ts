// What a hop's line says about its packet.
import { type Direction, type Exchange, type Journey, type Packet, parsePacket } from '@hopscope/model';
import { FLAG, type Hop, hasSameHeaders } from '@hopscope/protocol';
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

/** Packets whose last view is remembered: as many as a burst has under way at once. Each may hold on to its batch. */
const REMEMBERED = 64;

/** Hops of one packet mostly have the headers of the hop before: then they share its view, the same object. */
export function createHopViewer(): (hop: Hop, exchange: () => Exchange | undefined) => HopView | null {
  const remembered: ({ hop: Hop; view: HopView } | undefined)[] = new Array(REMEMBERED).fill(undefined);
  return (hop, exchange) => {
    // What is said of a later fragment depends on what is known of its exchange by now.
    if (hop.l4Offset === null) return viewHop(hop, exchange());
    const slot = hop.packet % REMEMBERED;
    const known = remembered[slot];
    if (known !== undefined && isSaid(known.hop, hop)) return known.view;
    const view = viewHop(hop, undefined);
    remembered[slot] = view === null ? undefined : { hop, view };
    return view;
  };
}

/** Whether there is nothing new to read in `hop`. */
function isSaid(before: Hop, hop: Hop): boolean {
  return before.packet === hop.packet && ((before.flags ^ hop.flags) & FLAG.CUT) === 0 && hasSameHeaders(before, hop);
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
