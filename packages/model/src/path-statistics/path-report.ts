// What is told of a path: mtr's columns for each device that its packets cross.
import type { DeviceId, NetnsId, TimeNs } from '@hopscope/protocol';
import type { Crossing, Direction, Exchange } from '../exchange.ts';
import type { RecentTrip } from './recent-trips.ts';
import type { TimeStatistics } from './time-statistics.ts';

/**
 * The exchanges between two addresses that crossed the same devices there and back. Ports and echo ids are left out: a thousand
 * connections between two addresses share a path. Addresses are those before any NAT.
 */
export interface PathReport {
  /** Counts from 1; the same for as long as the path is remembered. */
  readonly id: number;
  readonly kind: Exchange['kind'];
  readonly protocol: Exchange['protocol'];
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  /** mtr's Snt: exchanges that are over, those that died on the way included. */
  readonly sent: number;
  /** How many of `sent` ended how. */
  readonly verdicts: Readonly<Record<PathVerdict, number>>;
  /** Exchanges between these addresses that say nothing certain, counted nowhere else: ambiguous, incomplete, request not seen, not over. */
  readonly unclear: number;
  /** In order: the request's, then the reply's. */
  readonly hops: readonly HopReport[];
  /** Most frequent first. At most 8 different ones. */
  readonly drops: readonly PathDrop[];
  /** Of the latest 120 pings on this path, oldest first; empty for UDP and TCP, which await nothing. */
  readonly recent: readonly RecentTrip[];
  /** First hop of the newest exchange. */
  readonly lastNs: TimeNs;
}

export type PathVerdict = 'replied' | 'delivered' | 'dropped' | 'error' | 'lost-sight';

/** One device crossed in one direction. */
export interface HopReport {
  readonly direction: Exclude<Direction, 'error'>;
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly netnsInum: number;
  readonly ifindex: number;
  readonly ifname: string;
  readonly way: Crossing['way'];
  /** mtr's Snt: exchanges sent on the path, the same at each of its hops. */
  readonly sent: number;
  /** Of those, how many were seen here. */
  readonly seen: number;
  /**
   * mtr's Loss%, from 0 to 1: the part of `sent` that was not seen here. It rises at the hop after the one where packets die and stays
   * there; at the reply's last hop it is what ping calls packet loss.
   */
  readonly loss: number;
  /** From the exchange's first hop until the packet was here. Null when it was never seen here. */
  readonly sinceStart: TimeStatistics | null;
  /** Of the request: from here until the reply was back here. Null when no reply was. */
  readonly roundTrip: TimeStatistics | null;
}

export interface PathDrop {
  readonly direction: Direction;
  readonly reason: string;
  /** symbol+0xoffset, empty when unknown. */
  readonly location: string;
  readonly device: DeviceId | null;
  readonly netns: NetnsId | null;
  readonly ifname: string;
  readonly count: number;
}
