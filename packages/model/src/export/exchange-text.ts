// The JSON of an exchange as text. Most of it are its hops, which differ in their times: they are put together from texts that are written
// once. The same bytes as JSON.stringify would make.
import type { Exchange } from '../exchange.ts';
import { stageName } from '../stage-name.ts';
import { afterHops, beforeHops, hopsInOrder, type JsonContext, type JsonHop } from './exchange-json.ts';
import { createQuoter, jsonMembers, safeJson } from './plain-text.ts';

/** Answers what `safeJson({ ...first, ...exchangeJson(exchange, context) })` does. */
export function createExchangeText(
  first: Readonly<Record<string, unknown>>,
  context: JsonContext,
): (exchange: Exchange) => string {
  const quoted = createQuoter();
  const { surroundings } = context;

  function hopText({ direction, crossing, rttNs }: JsonHop, startNs: number): string {
    const { netns, netnsInum, ifindex, ifname, packet, way, join, t, hops } = crossing;
    const { src, dst, ttl, vlans, outer } = packet;
    let text = `{"kind":"${direction}","netns":${netnsInum},"netnsName":${quoted(surroundings.netnsName(netns))}`;
    text += `,"ifindex":${ifindex},"ifname":${quoted(ifname)},"way":"${way}","sinceNs":${t - startNs},"join":"${join}"`;
    text += `,"src":${quoted(src)},"dst":${quoted(dst)},"ttl":${ttl}`;
    if (vlans.length > 0) text += `,"vlans":${safeJson(vlans)}`;
    if (outer.length > 0) text += `,"tunnels":${safeJson(outer)}`;
    let separator = ',"stages":[';
    for (const hop of hops) {
      text += `${separator}{"stage":${quoted(stageName(hop.stage))},"sinceNs":${hop.t - startNs}}`;
      separator = ',';
    }
    return rttNs === null ? `${text}]}` : `${text}],"rttNs":${rttNs}}`;
  }

  return (exchange) => {
    const hops = hopsInOrder(exchange).map((hop) => hopText(hop, exchange.startNs));
    const before = jsonMembers({ ...first, ...beforeHops(exchange, context) });
    return `{${before},"hops":[${hops.join()}],${jsonMembers(afterHops(exchange, context))}}`;
  };
}
