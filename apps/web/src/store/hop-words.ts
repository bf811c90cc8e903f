// One hop in words: why it is held to be the same packet, and what the kernel did with it there.
import type { Crossing, Exchange, Join, Tunnel } from '@hopscope/model';
import { type Hop, STAGE } from '@hopscope/protocol';
import { plural } from '../lib/format.ts';
import { hopCount } from './exchange-words.ts';

const JOIN_WORDS: Readonly<Record<Join, string>> = {
  'same-skb': 'the same packet buffer all the way',
  'same-data': 'followed through copies that share its data',
  nat: 'followed through address translation',
  rebuilt: 'the kernel rebuilt it on the way; matched by its headers',
  protocol: 'matched by addresses, id and sequence number',
};

/** In one or two words, for a hop's own line. */
const JOIN_TAGS: Readonly<Record<Join, string>> = {
  'same-skb': '',
  'same-data': 'copy',
  nat: 'NAT',
  rebuilt: 'rebuilt',
  protocol: 'by header',
};

const HOP_JOINS: Readonly<Record<Join, string>> = {
  'same-skb': 'the same packet buffer as before',
  'same-data': 'a copy that shares the data of the buffer before',
  nat: 'the same packet with other addresses',
  rebuilt: 'a new buffer; its headers fit what was here before',
  protocol: 'only its headers say that it is the same packet',
};

export const joinTag = (join: Join): string => JOIN_TAGS[join];
export const joinWords = (join: Join): string => HOP_JOINS[join];

/** How its hops were held together: the weakest reason of any of its packets. */
export const joinSentence = (exchange: Exchange): string =>
  `${plural(hopCount(exchange), 'hop')} · ${JOIN_WORDS[exchange.join]}`;

export interface StageTime {
  readonly name: string;
  /** The kernel's tracepoint and what it means. */
  readonly title: string;
  readonly hop: Hop;
  /** Since the stage before, in ns; 0 for the first. */
  readonly sinceNs: number;
}

const STAGE_WORDS: Readonly<Record<number, readonly [string, string]>> = {
  [STAGE.net_dev_queue]: ['queued', 'net_dev_queue: given to the device’s queue'],
  [STAGE.net_dev_start_xmit]: ['transmitted', 'net_dev_start_xmit: taken from the queue by the driver'],
  [STAGE.netif_rx]: ['received', 'netif_rx: put into the CPU’s backlog'],
  [STAGE.napi_gro_receive_entry]: ['received', 'napi_gro_receive_entry: polled from the driver'],
  [STAGE.netif_receive_skb_entry]: ['received', 'netif_receive_skb_entry: given to the stack by the driver'],
  [STAGE.netif_receive_skb]: ['handled', 'netif_receive_skb: the stack begins with it'],
};

export function stageTimes({ hops }: Crossing): StageTime[] {
  return hops.map((hop, i) => {
    const [name, title] = STAGE_WORDS[hop.stage] ?? [`stage ${hop.stage}`, 'a stage that this page does not know'];
    return { name, title, hop, sinceNs: hop.t - (hops[i - 1]?.t ?? hop.t) };
  });
}

/** `vxlan 42, 10.0.0.1 → 10.0.0.2` */
export const tunnelText = ({ kind, id, src, dst }: Tunnel): string =>
  `${kind}${id === null ? '' : ` ${id}`}, ${src} → ${dst}`;
