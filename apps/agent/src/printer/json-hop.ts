// One hop as a line of JSON. There are a dozen of them to an exchange, so the text is put together from what hops have in common, each part
// written once: the same bytes as JSON.stringify would make.
import { createQuoter, type JsonContext, jsonMembers, safeJson, stageName } from '@hopscope/model';
import type { Hop, NetnsId } from '@hopscope/protocol';
import type { HopView } from './hop-view.ts';
import { createWallClock } from './wall-clock.ts';

export type HopJson = (
  hop: Hop,
  view: HopView,
  drop: { readonly reason: string; readonly location: string } | null,
) => string;

/** @param schema that the line names */
export function createHopJson(schema: number, { epochNs, surroundings }: JsonContext): HopJson {
  const wallNs = createWallClock(epochNs);
  const quoted = createQuoter();
  const head = `{"schema":${schema},"type":"hop","t":"`;
  let last: { readonly view: HopView; readonly ends: string; readonly rest: string } | null = null;

  const netnsName = (netns: NetnsId | null) => quoted(surroundings.netnsName(netns));

  /** What hops of one packet have in common. */
  function partsOf(view: HopView): { readonly ends: string; readonly rest: string } {
    if (last?.view === view) return last;
    const { packet, src, dst, echo, kind } = view;
    const { family, protocol, icmp, ports, tcp, quoted } = packet;
    last = {
      view,
      ends: jsonMembers({ family, src, dst }),
      rest: jsonMembers({
        protocol,
        icmp: icmp === null ? null : { ...icmp, ...echo },
        kind,
        ...(ports === null ? {} : { ports }),
        ...(tcp === null ? {} : { tcp }),
        ...(quoted === null ? {} : { quoted: { src: quoted.src, dst: quoted.dst } }),
      }),
    };
    return last;
  }

  return (hop, view, drop) => {
    const { ends, rest } = partsOf(view);
    const end = drop === null ? '}' : `,"drop":${safeJson({ reason: drop.reason, location: drop.location })}}`;
    return (
      `${head}${wallNs(hop.t)}","netns":${hop.netnsInum},"netnsName":${netnsName(hop.netns)},"ifindex":${hop.ifindex}` +
      `,"ifname":${quoted(hop.ifname)},"stage":${quoted(stageName(hop.stage))},"packet":"${hop.packet}"` +
      `,${ends},"len":${hop.len},${rest}${end}`
    );
  };
}
