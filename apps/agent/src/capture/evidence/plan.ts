// Which tables help to explain a drop, by the kernel's reason and, where it gives none, by the function that dropped it.
import type { DropNote } from './drop-note.ts';

export type Table =
  | 'netfilter'
  | 'route'
  | 'forwarding'
  | 'source-check'
  | 'neighbour'
  | 'tc'
  | 'xdp'
  | 'own-port'
  | 'bridge-port';

const BY_REASON: Readonly<Record<string, readonly Table[]>> = {
  NETFILTER_DROP: ['netfilter'],
  IP_RPFILTER: ['source-check'],
  IP_INNOROUTES: ['route', 'forwarding'],
  IP_OUTNOROUTES: ['route'],
  IP_INADDRERRORS: ['forwarding', 'route'],
  PKT_TOO_BIG: ['route'],
  NEIGH_FAILED: ['neighbour'],
  NEIGH_QUEUEFULL: ['neighbour'],
  NEIGH_DEAD: ['neighbour'],
  NEIGH_CREATEFAIL: ['neighbour'],
  TC_INGRESS: ['tc'],
  TC_EGRESS: ['tc'],
  XDP: ['xdp'],
  NO_TX_TARGET: ['bridge-port'],
  BRIDGE_INGRESS_STP_STATE: ['own-port'],
};

const BY_SYMBOL: readonly (readonly [RegExp, readonly Table[]])[] = [
  [/^(?:nf_hook_slow|nft_do_chain|ip6?t_do_table)$/, ['netfilter']],
  [/^ip_rcv_finish/, ['source-check']],
  [/^(?:ip_error|ip6_pkt_|dst_discard)/, ['route', 'forwarding']],
  [/^(?:neigh_invalidate|arp_error_report|ndisc_error_report)$/, ['neighbour']],
  [/xdp/, ['xdp']],
  [/^br_handle_frame$/, ['own-port']],
  [/^(?:br_handle_frame_finish|br_forward|__br_forward|br_flood)$/, ['bridge-port']],
  [/^(?:__netif_receive_skb_core|sch_handle_ingress)$/, ['tc']],
];

const NOTHING: readonly Table[] = [];

/** Reasons that the state of the interface explains, and functions that give none. */
const LINK_REASONS = /^(?:NEIGH_|QDISC_DROP|DEV_READY|NO_TX_TARGET|BRIDGE_INGRESS|PKT_TOO_BIG)/;
const LINK_SYMBOLS =
  /^(?:neigh_invalidate|arp_error_report|br_|__br_|veth_|_*dev_forward_skb|__dev_queue_xmit|noop_enqueue)/;

/** Whether to say how its interface stood. It takes no read. */
export function wantsLink({ reason, symbol }: Pick<DropNote, 'reason' | 'symbol'>): boolean {
  return reason === 'NOT_SPECIFIED' ? LINK_SYMBOLS.test(symbol) : LINK_REASONS.test(reason);
}

export function planTables({ reason, symbol }: Pick<DropNote, 'reason' | 'symbol'>): readonly Table[] {
  if (reason !== 'NOT_SPECIFIED') return BY_REASON[reason] ?? NOTHING;
  return BY_SYMBOL.find(([pattern]) => pattern.test(symbol))?.[1] ?? NOTHING;
}
