// Which exchange an address means, and a copy of it for the browser's own history: so it is still there after a reload.
import type { Crossing, Exchange, Journey } from '@hopscope/model';
import type { Evidence, Hello, Hop } from '@hopscope/protocol';
import type { ExchangeAddress } from './address.ts';
import { journeysOf } from './exchange-words.ts';
import type { Traffic } from './traffic.ts';

/** Packets' numbers begin again with each capture. */
const SAME_TIME_US = 1e6;

/** Null when nothing of it tells it from others. */
export function addressOf(exchange: Exchange, wallMs: Traffic['wallMs']): ExchangeAddress | null {
  const packet = journeysOf(exchange)[0]?.packets[0] ?? exchange.drop?.hop.packet;
  return packet === undefined ? null : { packet, wallUs: Math.round(wallMs(exchange.startNs) * 1000) };
}

/** The exchange that is held; undefined when it is not, or not any more. */
export function findExchange(
  { packet, wallUs }: ExchangeAddress,
  traffic: Pick<Traffic, 'ids' | 'exchange' | 'wallMs'>,
): Exchange | undefined {
  const ids = traffic.ids();
  for (let i = ids.length - 1; i >= 0; i--) {
    const exchange = traffic.exchange(ids[i] as number);
    if (exchange === undefined || Math.abs(traffic.wallMs(exchange.startNs) * 1000 - wallUs) > SAME_TIME_US) continue;
    if (packetsOf(exchange).includes(packet)) return exchange;
  }
  return undefined;
}

const packetsOf = (exchange: Exchange): number[] => [
  ...journeysOf(exchange).flatMap(({ packets }) => packets),
  ...(exchange.drop === null ? [] : [exchange.drop.hop.packet]),
];

/** What lies in the history beside an address. */
export interface KeptExchange {
  readonly address: ExchangeAddress;
  readonly exchange: Exchange;
  readonly facts: Evidence;
}

export interface KeptState {
  /** Of which capture, seen by which version of the page. */
  readonly capture: string;
  /** Whether the names and addresses of this entry are stand-ins. */
  readonly isRedacted: boolean;
  readonly kept: readonly KeptExchange[];
}

export const captureKey = ({ agent, protocol, host, clock }: Hello): string =>
  [agent.version, protocol, host.bootId, clock.monotonicNs, clock.wallNs].join(' ');

/** Ids of what was kept: no assembler gives such. */
const keptId = (packet: number): number => -1 - packet;
export const isKept = ({ id }: Exchange): boolean => id < 0;

/** As plain data with nothing behind it: a hop is read from its batch, which is much larger. */
export function keepExchange(exchange: Exchange, address: ExchangeAddress, facts: Evidence): KeptExchange {
  const drop = <Of extends { readonly hop: Hop }>(of: Of | null): Of | null => of && { ...of, hop: plainHop(of.hop) };
  const crossing = (of: Crossing): Crossing => ({ ...of, hops: of.hops.map(plainHop) });
  const journey = (of: Journey): Journey => ({ ...of, crossings: of.crossings.map(crossing), drop: drop(of.drop) });
  const plain: Exchange = {
    ...exchange,
    id: keptId(address.packet),
    request: exchange.request && journey(exchange.request),
    reply: exchange.reply && journey(exchange.reply),
    errors: exchange.errors.map(journey),
    drop: drop(exchange.drop),
  };
  return { address, exchange: plain, facts };
}

function plainHop(hop: Hop): Hop {
  const { index, t, packet, skb, netns, netnsInum, ifindex, device, ifname, len, stage, flags, dataref } = hop;
  const { dropReason, location, skbIif, protocol, linkType, vlan, cpu, headers, l3Offset, l4Offset } = hop;
  const where = { netns, netnsInum, ifindex, device, ifname };
  const what = { len, stage, flags, dataref, dropReason, location, skbIif, protocol, linkType, vlan, cpu };
  return { index, t, packet, skb, ...where, ...what, headers: headers.slice(), l3Offset, l4Offset };
}

/** What was kept of this exchange, if it is of this capture. Whatever else lies in the history is none of ours. */
export function readKept(
  state: unknown,
  hello: Hello | null,
  { packet, wallUs }: ExchangeAddress,
): KeptExchange | null {
  if (hello === null || !isKeptState(state) || state.capture !== captureKey(hello)) return null;
  return state.kept.find(({ address }) => address.packet === packet && address.wallUs === wallUs) ?? null;
}

/** Originals do not come back to a page that shows stand-ins, nor the other way round. */
export const isOfOtherKind = (state: unknown, isRedacted: boolean): boolean =>
  isKeptState(state) && state.isRedacted !== isRedacted;

function isKeptState(state: unknown): state is KeptState {
  return (
    typeof state === 'object' && state !== null && 'capture' in state && 'kept' in state && Array.isArray(state.kept)
  );
}
