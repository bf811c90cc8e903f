// How packets, places and outcomes are called on the terminal.
import {
  type Crossing,
  type Exchange,
  type Join,
  type Journey,
  type Packet,
  type Ports,
  stageName,
} from '@hopscope/model';
import { STAGE, type StageName } from '@hopscope/protocol';
import { printable } from '../lib/printable.ts';
import type { Glyphs } from './glyphs.ts';
import type { Surroundings } from './surroundings.ts';

/** Each device crossing passes exactly one of these. */
const CROSSING_STAGES: ReadonlySet<number> = new Set([
  STAGE.net_dev_queue,
  STAGE.netif_rx,
  STAGE.napi_gro_receive_entry,
  STAGE.netif_receive_skb_entry,
]);

export const isCrossingStage = (stage: number): boolean => CROSSING_STAGES.has(stage);

/** What -v prints: a route lookup says something about a packet, but is none. */
export const isPacketStage = (stage: number): boolean => stage !== STAGE.fib_table_lookup;

const STAGE_WORDS: { readonly [Name in StageName]?: string } = {
  net_dev_queue: 'queued',
  net_dev_start_xmit: 'transmitted',
  netif_rx: 'received',
  napi_gro_receive_entry: 'received',
  netif_receive_skb_entry: 'received',
  netif_receive_skb: 'handled',
};

/** What has happened to the packet there, in a word. */
export function stageWord(stage: number): string {
  const name = stageName(stage);
  return STAGE_WORDS[name as StageName] ?? name;
}

/** `10.0.0.1:53`, `[fd00::1]:53`, or the address alone. */
function endpoint(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function tuple(from: { src: string; dst: string; ports: Ports | null }, arrow: string): string {
  return `${endpoint(from.src, from.ports?.src)} ${arrow} ${endpoint(from.dst, from.ports?.dst)}`;
}

/** `#17146.001` */
export function echoLabel(echo: { readonly id: number; readonly seq: number }): string {
  return `#${echo.id}.${String(echo.seq).padStart(3, '0')}`;
}

const TCP_FLAGS = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'] as const;

/** As tcpdump writes them: `[S.]` is SYN and ACK. */
export function tcpFlags(flags: number): string {
  const letters = TCP_FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0);
  // tcpdump puts the dot of ACK last of the common ones.
  const ordered = [...letters.filter((letter) => letter !== '.'), ...letters.filter((letter) => letter === '.')];
  return `[${ordered.length === 0 ? 'none' : ordered.join('')}]`;
}

/** `ping 172.17.0.2 → 172.17.0.3 #28.001`, `tcp 10.0.0.1:40000 → 10.0.0.2:80 [S]` */
export function subjectOf(exchange: Exchange, glyphs: Glyphs): string {
  const ends = tuple(exchange, glyphs.arrow);
  if (exchange.kind === 'echo') {
    return `ping ${ends} ${echoLabel({ id: exchange.icmpId, seq: exchange.icmpSeq })}`;
  }
  const flags = exchange.request?.crossings[0]?.packet.tcp?.flags;
  return `${exchange.kind} ${ends}${flags === undefined ? '' : ` ${tcpFlags(flags)}`}`;
}

/** `web → db`: where it began and where it got to; empty when neither has a name, one alone when the other has none. */
export function routeOf(
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  surroundings: Surroundings,
  glyphs: Glyphs,
): string {
  const start = request?.crossings[0];
  const answered = reply?.crossings[0];
  const end = answered?.way === 'out' ? answered : request?.verdict === 'delivered' ? lastCrossing(request) : undefined;
  const [from, to] = [start, end].map((one) => printable(surroundings.netnsName(one?.netns ?? null)));
  return [from, to].filter((name) => name !== '').join(` ${glyphs.arrow} `);
}

const lastCrossing = ({ crossings }: Journey): Crossing | undefined => crossings[crossings.length - 1];

const VERDICTS: Readonly<Record<Exchange['verdict'], string>> = {
  'in-flight': 'still under way',
  replied: 'replied',
  delivered: 'delivered',
  dropped: 'dropped',
  error: 'answered by an error',
  'lost-sight': 'lost sight',
  ambiguous: 'ambiguous: more than one packet fits',
};

export const verdictWords = (verdict: Exchange['verdict']): string => VERDICTS[verdict];

const JOIN_WORDS: Readonly<Record<Join, string>> = {
  'same-skb': '',
  'same-data': 'same data',
  nat: '',
  rebuilt: 'rebuilt',
  protocol: 'by headers',
};

/** Empty for the strongest, and where a line of its own tells of the NAT. */
export const joinWords = (join: Join): string => JOIN_WORDS[join];

/** `at eth0 in web`, with what is known of it. */
export function placeOf(
  { ifname, netns }: { readonly ifname: string; readonly netns: Crossing['netns'] | null },
  surroundings: Surroundings,
): string {
  const name = printable(surroundings.netnsName(netns));
  const within = name === '' ? '' : `in ${name}`;
  if (ifname === '') return within === '' ? 'on no device' : within;
  return `at ${printable(ifname)}${within === '' ? '' : ` ${within}`}`;
}

/** `1234.5`: µs with one decimal. */
export function micros(ns: number): string {
  return (ns / 1000).toFixed(1);
}

/** What NAT may change. */
export function isSameTuple(a: Packet, b: Packet): boolean {
  return (
    a.src === b.src &&
    a.dst === b.dst &&
    a.icmp?.id === b.icmp?.id &&
    a.ports?.src === b.ports?.src &&
    a.ports?.dst === b.ports?.dst
  );
}
