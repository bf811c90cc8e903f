// Which exchange it is: who to whom, which packet, in the words of the list, the detail and the map.
import type { Direction, Exchange, Journey, Ports, Tuple } from '@hopscope/model';
import { isLoopback, type Names } from './names.ts';

export interface Route {
  readonly from: string;
  readonly to: string;
  /** With addresses and ports. */
  readonly full: string;
}

export function routeOf(exchange: Exchange, names: Names): Route {
  const start = exchange.request?.crossings[0] ?? null;
  const end = exchange.reply?.crossings[0] ?? null;
  const near = start?.netns ?? null;
  const from = names.address(exchange.src, near);
  const to = isLoopback(exchange.dst)
    ? 'localhost'
    : names.address(exchange.dst, end !== null && end.way === 'out' ? end.netns : arrivalOf(exchange, near));
  return { from, to, full: endsText(exchange) };
}

/** A packet that is not answered arrived where it was seen last. */
function arrivalOf({ kind, request, verdict }: Exchange, near: Route['from'] | null) {
  const last = kind === 'echo' || verdict !== 'delivered' ? null : (request?.crossings.at(-1) ?? null);
  return (last?.netns ?? near) as Parameters<Names['address']>[1];
}

interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly ports: Ports | null;
}

/** `172.17.0.2 → 172.17.0.3`, `172.17.0.2:40112 → 172.17.0.3:80` */
export const endsText = ({ src, dst, ports }: Ends): string =>
  `${endText(src, ports?.src ?? null)} → ${endText(dst, ports?.dst ?? null)}`;

export function endText(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What of a tuple NAT may change, as one text an end. */
export const tupleEnds = ({ src, dst, ports, icmpId }: Tuple): readonly [string, string, string] => [
  endText(src, ports?.src ?? null),
  endText(dst, ports?.dst ?? null),
  icmpId === null ? '' : `#${icmpId}`,
];

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;
/** Bare acknowledgements and data are the rule; these are news. */
const TELLING = 0b0111;

function tcpFlags(exchange: Exchange): string {
  const bits = exchange.request?.crossings[0]?.packet.tcp?.flags ?? exchange.drop?.packet.tcp?.flags ?? 0;
  const names = TCP_FLAGS.filter((name, i) => bits & (1 << i) && (bits & TELLING ? name !== 'PSH' : name === 'ACK'));
  return names.length === 0 ? '' : ` ${names.join(',')}`;
}

/** `#27.3` of an echo; `UDP 5353 → 53`, `TCP 40112 → 80 SYN` */
export function sequenceOf(exchange: Exchange): string {
  const { kind, ports } = exchange;
  if (kind === 'echo') return `#${exchange.icmpId}.${exchange.icmpSeq}`;
  const between = ports === null ? '' : ` ${ports.src} → ${ports.dst}`;
  return `${kind.toUpperCase()}${between}${kind === 'tcp' ? tcpFlags(exchange) : ''}`;
}

/** For the label at a dot: `request #27.3`, `UDP → :53`, `error #27.3` */
export function packetLabel(exchange: Exchange, direction: Direction): string {
  const { kind, ports } = exchange;
  if (kind === 'echo') return `${direction} ${sequenceOf(exchange)}`;
  const what = `${kind.toUpperCase()}${kind === 'tcp' && direction === 'request' ? tcpFlags(exchange) : ''}`;
  const to = ports === null ? '' : ` → :${ports.dst}`;
  return direction === 'request' ? `${what}${to}` : `${direction} about ${what}${to}`;
}

export const journeysOf = (exchange: Exchange): Journey[] =>
  [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);

export const hopCount = (exchange: Exchange): number =>
  journeysOf(exchange).reduce((sum, journey) => sum + journey.crossings.length, 0);
