// What the kernel's tracepoints mean for a packet's way.
import { FLAG, type Hop, STAGE } from '@hopscope/protocol';

/**
 * `out`: handed to the device; `in`: came in from it. Null for a free, which is an end and no crossing, and for a stage this build
 * does not know.
 */
export function wayOf(stage: number): 'out' | 'in' | null {
  switch (stage) {
    case STAGE.net_dev_queue:
    case STAGE.net_dev_start_xmit:
      return 'out';
    case STAGE.netif_rx:
    case STAGE.napi_gro_receive_entry:
    case STAGE.netif_receive_skb_entry:
    case STAGE.netif_receive_skb:
      return 'in';
    default:
      return null;
  }
}

/** What the kernel did about a packet: it says something about a drop, and nothing about the packet's way. */
export function isEvidence(hop: Hop): boolean {
  return hop.stage === STAGE.fib_table_lookup || hop.stage === STAGE.icmp_send;
}

/** The skb is gone after this hop; its id may name another packet's skb from then on. */
export function isFree(hop: Hop): boolean {
  return hop.stage === STAGE.kfree_skb || hop.stage === STAGE.consume_skb;
}

/** A free after which no skb holds the packet's data any more. */
export function isLastFree(hop: Hop): boolean {
  return isFree(hop) && (hop.dataref <= 1 || (hop.flags & FLAG.LAST) !== 0);
}

/**
 * `ip route get` makes the kernel ask with an skb that was never a packet, which it frees like a dropped one when there is no route.
 * @param location symbol+0xoffset of the free
 */
export function isQuestion(location: string | undefined): boolean {
  return location !== undefined && /^inet6?_rtm_getroute\b/.test(location);
}
