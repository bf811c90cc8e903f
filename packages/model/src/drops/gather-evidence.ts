// What the hops and the topology tell about a drop, as flat facts beside those that were read from the machine's tables.
import type { Evidence, EvidenceKey, EvidenceValue, Link, Namespace, NetnsId, Topology } from '@hopscope/protocol';
import type { Drop, Exchange, Journey } from '../exchange.ts';
import type { FibLookup } from '../fib-lookup.ts';
import { icmpErrorText } from '../icmp-error-text.ts';
import { outermostOf } from '../outermost.ts';
import { readDropHeaders } from './drop-headers.ts';

/** The kernel sends an error right before, or as, it frees the packet. */
const SAME_MOMENT_NS = 1_000_000;

type Facts = { [Key in EvidenceKey]?: EvidenceValue };

/** Linux errno numbers of a route lookup that found none. */
const ERRNO: Readonly<Record<number, string>> = { 13: 'EACCES', 22: 'EINVAL', 101: 'ENETUNREACH', 113: 'EHOSTUNREACH' };
/** The lookup of one table said "not here, ask the next": no answer yet. */
const EAGAIN = 11;
const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/**
 * Everything that is known about the exchange's drop.
 * @param facts from `evidence` frames about its packet; they win over what the topology says, which may be older or newer
 * Without a drop: what is known about a request that nobody answered.
 */
export function gatherEvidence(exchange: Exchange, topology: Topology, facts: Evidence): Evidence {
  const { drop } = exchange;
  if (drop === null) return unansweredFacts(exchange, topology, facts);
  const namespace = findNamespace(topology, drop.netns ?? lastNetns(exchange, drop));
  return {
    ...(namespace === undefined ? {} : { 'netns.title': titleOf(namespace) }),
    ...readDropHeaders(drop.hop),
    ...routeFacts(drop, namespace, topology),
    ...icmpFacts(exchange, drop),
    ...linkFacts(drop, namespace, topology),
    ...facts,
  };
}

function unansweredFacts({ request, reply }: Exchange, topology: Topology, facts: Evidence): Evidence {
  const last = request?.crossings[request.crossings.length - 1];
  if (reply !== null || last === undefined) return {};
  const namespace = findNamespace(topology, last.netns);
  return { ...(namespace === undefined ? {} : { 'netns.title': titleOf(namespace) }), ...facts };
}

const titleOf = (namespace: Namespace) => namespace.names[0]?.text ?? String(namespace.inum);

const findNamespace = (topology: Topology, id: NetnsId | null) =>
  id === null ? undefined : topology.namespaces.find((each) => each.id === id);

/** A packet that died on no device died in the namespace where it was last seen. */
function lastNetns(exchange: Exchange, drop: Drop): NetnsId | null {
  const journey = journeyOf(exchange, drop);
  return journey?.crossings[journey.crossings.length - 1]?.netns ?? null;
}

/** The journey that ended with the drop. */
export function journeyOf(exchange: Exchange, drop: Drop): Journey | null {
  const journeys = [exchange.request, exchange.reply, ...exchange.errors];
  return journeys.find((each) => each?.drop === drop || each?.packets.includes(drop.hop.packet) === true) ?? null;
}

function routeFacts(drop: Drop, namespace: Namespace | undefined, topology: Topology): Facts {
  const facts: Facts = {};
  const deviceOf = ({ oif }: FibLookup) => namespace?.links.find((link) => link.ifindex === oif);
  const { src, dst } = outermostOf(drop.packet);
  const forward = answerTo(drop.routes, dst);
  if (forward !== undefined) {
    facts['route.found'] = forward.error === 0;
    if (forward.error !== 0) facts['route.error'] = ERRNO[forward.error] ?? `errno ${forward.error}`;
    else {
      facts['route.table'] = TABLES[forward.table] ?? String(forward.table);
      if (forward.gateway !== null) facts['route.gateway'] = forward.gateway;
      const device = deviceOf(forward);
      if (device !== undefined) Object.assign(facts, routeDeviceFacts(device, topology));
    }
  }
  // The source check asks for the way back.
  const back = answerTo(drop.routes, src);
  const backDevice = back?.error === 0 ? deviceOf(back)?.name : undefined;
  if (backDevice !== undefined) facts['route.back.device'] = backDevice;
  return facts;
}

/** Tables are asked one after the other: the last answer counts, and "ask the next" only when there was no other. */
function answerTo(routes: readonly FibLookup[], dst: string): FibLookup | undefined {
  const asked = routes.filter((each) => each.dst === dst);
  const answer = asked.findLast((each) => each.error !== EAGAIN) ?? asked[asked.length - 1];
  return answer?.error === EAGAIN ? { ...answer, error: 101 } : answer;
}

function routeDeviceFacts(link: Link, topology: Topology): Facts {
  const facts: Facts = {
    'route.device': link.name,
    'route.device.up': link.up,
    'route.device.state': link.operstate,
    'route.device.mtu': link.mtu,
  };
  const peer = peerOf(link, topology);
  if (peer !== undefined) {
    facts['route.device.peer'] = peer.text;
    facts['route.device.peer.up'] = peer.up;
  }
  return facts;
}

function icmpFacts(exchange: Exchange, drop: Drop): Facts {
  const facts: Facts = {};
  const { family } = outermostOf(drop.packet);
  const sent = drop.icmpSent[0];
  if (sent !== undefined) facts['icmp.error'] = icmpErrorText(family, sent.type, sent.code);
  const error = exchange.errors.find((each) => Math.abs(each.startNs - drop.t) < SAME_MOMENT_NS);
  const packet = error?.crossings[0]?.packet;
  if (error === undefined || packet?.kind !== 'error' || packet.icmp === null) return facts;
  facts['icmp.error'] ??= icmpErrorText(error.family, packet.icmp.type, packet.icmp.code);
  facts['icmp.from'] = error.src;
  if (packet.mtu !== null && packet.mtu > 0) facts['icmp.mtu'] = packet.mtu;
  return facts;
}

function linkFacts(drop: Drop, namespace: Namespace | undefined, topology: Topology): Facts {
  const link = namespace?.links.find((each) => drop.device !== null && each.ifindex === drop.hop.ifindex);
  if (link === undefined) return {};
  const facts: Facts = {
    'link.device': link.name,
    'link.up': link.up,
    'link.state': link.operstate,
    'link.mtu': link.mtu,
  };
  const master = namespace?.links.find((each) => link.master !== 0 && each.ifindex === link.master);
  if (master !== undefined) facts['link.master'] = master.name;
  if (link.portState !== '') {
    facts['port.state'] = link.portState;
    facts['port.device'] = link.name;
  }
  const peer = peerOf(link, topology);
  if (peer !== undefined) {
    facts['link.peer'] = peer.text;
    facts['link.peer.up'] = peer.up;
  }
  return facts;
}

function peerOf(link: Link, topology: Topology): { text: string; up: boolean } | undefined {
  if (link.kind !== 'veth' || link.peer === null) return undefined;
  const { netns, ifindex } = link.peer;
  const namespace = findNamespace(topology, netns);
  const peer = namespace?.links.find((each) => each.ifindex === ifindex);
  return namespace === undefined || peer === undefined
    ? undefined
    : { text: `${peer.name} in ${titleOf(namespace)}`, up: peer.up };
}
