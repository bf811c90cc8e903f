// One sentence of plain language for a drop: what happened, where, and the first thing to check.
import type { Evidence } from '@hopscope/protocol';
import type { Drop, Exchange } from '../exchange.ts';
import type { Packet, Protocol } from '../packet.ts';
import { type Facts, findSentence } from './cause-table.ts';
import { journeyOf } from './gather-evidence.ts';

const PROTOCOLS: Readonly<Record<Protocol, string>> = { icmp: 'ICMP', icmp6: 'ICMPv6', udp: 'UDP', tcp: 'TCP' };

const CALLED: Readonly<Record<Packet['kind'], string>> = {
  request: 'the request',
  reply: 'the reply',
  error: 'the ICMP error',
  data: 'the packet',
  fragment: 'the fragment',
};

/**
 * @param evidence what `gatherEvidence` answered for this exchange
 * @returns empty when nothing was dropped. Inferred things are said as such.
 */
export function explainDrop(exchange: Exchange, evidence: Evidence): string {
  const { drop } = exchange;
  return drop === null ? '' : (findSentence(factsOf(exchange, drop, evidence)) ?? '');
}

function factsOf(exchange: Exchange, drop: Drop, evidence: Evidence): Facts {
  const { packet } = drop;
  const called = CALLED[packet.kind];
  const symbol = drop.location.replace(/\+0x[0-9a-f]+$/, '');
  return {
    ...evidence,
    packet: called,
    Packet: called.replace(/^t/, 'T'),
    where: whereOf(exchange, drop, evidence),
    ...(drop.ifname === '' ? {} : { device: drop.ifname }),
    src: packet.src,
    dst: packet.dst,
    family: packet.family,
    protocol: PROTOCOLS[packet.protocol],
    ...(packet.ports === null ? {} : { port: packet.ports.dst }),
    kind: packet.kind,
    made: isMadeHere(exchange, drop) ? 'here' : 'elsewhere',
    reason: drop.reason,
    ...(symbol === '' ? {} : { symbol }),
  };
}

/** ` on eth0 in web`; what is not known is left out. */
function whereOf(exchange: Exchange, drop: Drop, evidence: Evidence): string {
  const title = evidence['netns.title'];
  if (drop.ifname !== '') return ` on ${drop.ifname}${title === undefined ? '' : ` in ${title}`}`;
  if (drop.netns !== null) return title === undefined ? '' : ` in ${title}`;
  const crossings = journeyOf(exchange, drop)?.crossings ?? [];
  const last = crossings[crossings.length - 1];
  if (last === undefined) return title === undefined ? '' : ` in ${title}`;
  return ` after ${last.ifname}${title === undefined ? '' : ` in ${title}`}`;
}

/** It had not come in by any interface of the namespace where it died. */
function isMadeHere(exchange: Exchange, drop: Drop): boolean {
  if (drop.hop.skbIif !== 0) return false;
  const crossings = journeyOf(exchange, drop)?.crossings ?? [];
  return !crossings.some((each) => each.way === 'in' && (drop.netns === null || each.netns === drop.netns));
}
