// What the assembler makes of hops. hop → crossing → journey → exchange; the words are in docs/ARCHITECTURE.md.
import type { DeviceId, Hop, NetnsId, PacketId, TimeNs } from '@hopscope/protocol';
import type { FibLookup } from './fib-lookup.ts';
import type { Packet, Ports, Protocol } from './packet.ts';

/**
 * Why a hop is held to be the same packet as the hops before it, strongest first: the same skb; another skb with the same data (a clone);
 * the same packet with other addresses; new data and headers that match where the packet could have got to; headers alone.
 */
export const JOINS = ['same-skb', 'same-data', 'nat', 'rebuilt', 'protocol'] as const;
export type Join = (typeof JOINS)[number];

/** A UDP or TCP packet is a `request`: nothing is awaited from it. */
export type Direction = 'request' | 'reply' | 'error';

/** One device crossed in one direction, with the stages the kernel went through there. */
export interface Crossing {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly netnsInum: number;
  readonly ifindex: number;
  readonly ifname: string;
  /** `out`: handed to the device (queue, xmit). `in`: came in from it (netif_rx, receive). */
  readonly way: 'out' | 'in';
  /** First stage's time. */
  readonly t: TimeNs;
  /** In order of time, at least one. */
  readonly hops: readonly Hop[];
  /** How the first hop here was joined to the journey. */
  readonly join: Join;
  /** Headers as they were at the first stage here. */
  readonly packet: Packet;
}

export interface Drop {
  readonly t: TimeNs;
  /** Name from the kernel's BTF, or the number where it has none. */
  readonly reason: string;
  /** symbol+0xoffset, empty when unknown. */
  readonly location: string;
  /** Where it was; null when the skb was on no device. */
  readonly device: DeviceId | null;
  readonly netns: NetnsId | null;
  readonly ifname: string;
  readonly hop: Hop;
  /** Its headers there. */
  readonly packet: Packet;
  /** The kernel's own route lookups for it, right before. */
  readonly routes: readonly FibLookup[];
  /** ICMP errors that the kernel was seen to send about it there. */
  readonly icmpSent: readonly { readonly type: number; readonly code: number }[];
}

/** One set of addresses that a packet wore, and where NAT gave it to it. */
export interface Tuple {
  readonly direction: Direction;
  readonly src: string;
  readonly dst: string;
  /** Of an echo; null for UDP and TCP. */
  readonly icmpId: number | null;
  readonly ports: Ports | null;
  /** Where it was first seen so; null when on no device. */
  readonly device: DeviceId | null;
}

/**
 * One packet's ordered way through the machine. A flooded packet has branches: crossings of several devices at once. The fragments of a
 * packet travel in one journey, each with crossings of its own; the later ones carry no ICMP header, so their join is `protocol`.
 */
export interface Journey {
  readonly id: number;
  readonly direction: Direction;
  readonly packets: readonly PacketId[];
  readonly family: 4 | 6;
  /** As first seen. */
  readonly src: string;
  readonly dst: string;
  /** First hop on a device; the drop, when it never reached one. */
  readonly startNs: TimeNs;
  /** Last hop on a device or the drop. What a socket does with the packet afterwards is the reader's time. */
  readonly endNs: TimeNs;
  readonly crossings: readonly Crossing[];
  /** The weakest join of its hops, clones for sockets and sniffers left out. */
  readonly join: Join;
  /**
   * `delivered`: consumed where it came in, read by a socket, answered, or for a reply handed back to the device its request came in by.
   * `dropped`: no holder of its data is left and none was delivered; a clone of a sniffer is no holder, a flooded branch is one.
   * The kernel frees what a UDP or TCP socket took mostly without a trace: such a packet that was received and not seen to go on or to be
   * dropped was delivered, once it has been silent for long enough and nothing was missed.
   */
  readonly verdict: 'in-flight' | 'delivered' | 'dropped' | 'lost-sight';
  readonly drop: Drop | null;
  /** GRO made it part of this packet, and what became of that became of it. Left out where it travelled by itself. */
  readonly mergedInto?: PacketId;
}

/**
 * `replied`: the reply was delivered or is back where the request began. `error`: an ICMP error about it got there. `ambiguous`: more than
 * one packet fits somewhere in it; nothing was guessed.
 */
export type ExchangeVerdict = 'in-flight' | 'replied' | 'delivered' | 'dropped' | 'error' | 'lost-sight' | 'ambiguous';

/** A request and what came back; for UDP and TCP one packet and the errors about it, `delivered` when it arrived. */
export interface Exchange {
  readonly id: number;
  readonly kind: 'echo' | 'udp' | 'tcp';
  readonly protocol: Protocol;
  readonly family: 4 | 6;
  /** Of the request as first seen. */
  readonly src: string;
  readonly dst: string;
  /** 0 for UDP and TCP. */
  readonly icmpId: number;
  readonly icmpSeq: number;
  /** Of UDP and TCP. */
  readonly ports: Ports | null;
  /** Every set of addresses that it wore, in order of time: more than one a direction is NAT. */
  readonly tuples: readonly Tuple[];
  readonly startNs: TimeNs;
  /** Null when only the reply was seen. */
  readonly request: Journey | null;
  readonly reply: Journey | null;
  /** ICMP errors that quote the request or the reply. */
  readonly errors: readonly Journey[];
  readonly verdict: ExchangeVerdict;
  /** First hop of the request to the last of the reply, on devices; null until replied or when the request was not seen. */
  readonly rttNs: number | null;
  /** The reply crossed other devices than the request; null while it is not known. */
  readonly isOtherWayBack: boolean | null;
  /** The weakest join of its journeys. */
  readonly join: Join;
  /** A drop of any of its journeys. */
  readonly drop: Drop | null;
  /** Hops were missed while it was under way: its path may have holes. */
  readonly incomplete: boolean;
}

export interface AssemblerOptions {
  /** enum skb_drop_reason of the kernel, from `hello`. */
  readonly dropReasons: Readonly<Record<string, string>>;
  /** No hop for this long, in packet time: the verdict becomes final. Default 2 s. */
  readonly timeoutNs?: number;
  /**
   * Whether a namespace has this address, by what is known of the topology now; null where that is not known. A UDP or TCP packet that was
   * received there was for a socket there; without this its silence has to last until no queue in the kernel can hold it any more.
   */
  readonly ownsAddress?: (netns: NetnsId, address: string) => boolean | null;
  /** Oldest exchanges beyond this number are forgotten. Default 10,000. */
  readonly keep?: number;
}

/** Hops in, exchanges out. Pure: no clock of its own, time comes from the packets and from `advance`. */
export interface Assembler {
  /**
   * Takes a hop in; answers the id of the exchange it belongs to, or null when it belongs to none (yet): a later fragment without its
   * first one, a clone freed before its packet was seen, bytes that are no echo. Other exchanges that it changed are answered by the
   * next `advance`. Hops may come out of order by some milliseconds.
   */
  add(hop: Hop): number | null;
  /** More names for drop locations. */
  addLocations(names: Readonly<Record<string, string>>): void;
  /**
   * `missed` hops between the two times never arrived: exchanges that were under way then become incomplete. Without `sinceNs` those that
   * are under way now; without `untilNs` up to the newest hop. Hops of that time that are added later count as well.
   */
  noteMissed(missed: number, sinceNs?: TimeNs, untilNs?: TimeNs): void;
  /**
   * Packet time goes on though no packet came: time-outs become verdicts. Answers the ids that changed, also those that are gone because
   * they turned out to be part of another exchange. A packet that is seen again after its time-out is under way again.
   */
  advance(now: TimeNs): number[];
  /** A fresh immutable view, or undefined when it was forgotten. The same object as last time when nothing changed. */
  exchange(id: number): Exchange | undefined;
  /** Whether any of its packets can have been dropped, by what was seen so far; false for most, without making a view. */
  mayHaveDropped(id: number): boolean;
  /** Nobody will ask for this exchange's view soon: it need not be kept. What is known of the exchange is. */
  release(id: number): void;
  /** Ids in order of start, oldest first. */
  ids(): readonly number[];
}
