// One sentence of plain language for a drop: what happened, where, and the first thing to check.
import type { Evidence } from '@hopscope/protocol';
import type { Drop, Exchange } from '../exchange.ts';
import { outermostOf } from '../outermost.ts';
import type { Packet } from '../packet.ts';
import { type Facts, findSentence } from './cause-table.ts';
import { journeyOf } from './gather-evidence.ts';

const PROTOCOLS: Readonly<Record<string, string>> = { icmp: 'ICMP', icmp6: 'ICMPv6', udp: 'UDP', tcp: 'TCP' };

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
  const facts = drop === null ? unansweredFacts(exchange, evidence) : dropFacts(exchange, drop, evidence);
  return facts === null ? '' : (findSentence(facts) ?? '');
}

/** A request that arrived and is not answered because a sysctl says so is no drop, but wants the same sentence. */
function unansweredFacts(exchange: Exchange, evidence: Evidence): Facts | null {
  const { kind, request, reply, errors } = exchange;
  const last = request?.crossings[request.crossings.length - 1];
  if (kind !== 'echo' || reply !== null || errors.length > 0 || last === undefined) return null;
  if (evidence['sysctl.name'] === undefined) return null;
  return { ...evidence, ...packetFacts(last.packet), where: placeText(last.ifname, evidence), reason: 'NO_REPLY' };
}

function dropFacts(exchange: Exchange, drop: Drop, evidence: Evidence): Facts {
  const symbol = drop.location.replace(/\+0x[0-9a-f]+$/, '');
  return {
    ...evidence,
    ...packetFacts(drop.packet),
    where: whereOf(exchange, drop, evidence),
    ...(drop.ifname === '' ? {} : { device: drop.ifname }),
    // Before 5.17 there were no reasons.
    reason: drop.reason === '' || drop.reason === '0' ? 'NOT_SPECIFIED' : drop.reason,
    ...(symbol === '' ? {} : { symbol }),
  };
}

function packetFacts(packet: Packet): Facts {
  const called = CALLED[packet.kind];
  const { src, dst, family, protocol, ports } = outermostOf(packet);
  return {
    packet: called,
    Packet: called.replace(/^t/, 'T'),
    src,
    dst,
    family,
    protocol: PROTOCOLS[protocol] ?? protocol,
    ...(ports === null ? {} : { port: ports.dst }),
    kind: packet.kind,
  };
}

/** The interface it died on; on none, the namespace, and the interface that it was last seen on there. */
function whereOf(exchange: Exchange, drop: Drop, evidence: Evidence): string {
  if (drop.ifname !== '') return placeText(drop.ifname, evidence);
  const crossings = journeyOf(exchange, drop)?.crossings ?? [];
  const last = crossings[crossings.length - 1];
  const seenThere = last !== undefined && (drop.netns === null || last.netns === drop.netns);
  return seenThere ? placeText(last.ifname, evidence, 'after') : placeText('', evidence);
}

/** ` on eth0 in web`; what is not known is left out. */
function placeText(ifname: string, evidence: Evidence, preposition = 'on'): string {
  const title = evidence['netns.title'];
  return `${ifname === '' ? '' : ` ${preposition} ${ifname}`}${title === undefined ? '' : ` in ${title}`}`;
}
