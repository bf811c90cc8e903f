// One object a line for other programs. docs/json.md says what each field means; change both together.
import {
  type Exchange,
  exchangeJson,
  type Journey,
  type JsonContext,
  lostInAll,
  type PathReport,
  pathJson,
  safeJson,
  stageName,
} from '@hopscope/model';
import type { Hop, Ledger } from '@hopscope/protocol';
import type { HopView } from './hop-view.ts';

/** Raised when a field changes its meaning or goes; a new field or type does not raise it. */
const SCHEMA = 1;

export interface JsonWriter {
  hop(hop: Hop, view: HopView, drop: { readonly reason: string; readonly location: string } | null): string;
  journey(journey: Journey, exchange: Exchange): string;
  exchange(exchange: Exchange): string;
  path(path: PathReport): string;
  ledger(ledger: Ledger): string;
}

export function createJsonWriter(context: JsonContext): JsonWriter {
  const { epochNs } = context;
  const { netnsName } = context.surroundings;
  const wallNs = (t: number) => String(epochNs + BigInt(t));
  return {
    hop: (hop, view, drop) =>
      line({
        type: 'hop',
        t: wallNs(hop.t),
        netns: hop.netnsInum,
        netnsName: netnsName(hop.netns),
        ifindex: hop.ifindex,
        ifname: hop.ifname,
        stage: stageName(hop.stage),
        packet: String(hop.packet),
        family: view.packet.family,
        src: view.src,
        dst: view.dst,
        len: hop.len,
        protocol: view.packet.protocol,
        icmp: view.packet.icmp === null ? null : { ...view.packet.icmp, ...view.echo },
        kind: view.kind,
        ...(view.packet.ports === null ? {} : { ports: view.packet.ports }),
        ...(view.packet.tcp === null ? {} : { tcp: view.packet.tcp }),
        ...(view.packet.quoted === null
          ? {}
          : { quoted: { src: view.packet.quoted.src, dst: view.packet.quoted.dst } }),
        ...(drop === null ? {} : { drop: { reason: drop.reason, location: drop.location } }),
      }),
    journey: (journey, exchange) =>
      line({
        type: 'journey',
        t: wallNs(journey.startNs),
        exchange: exchange.id,
        kind: journey.direction,
        family: journey.family,
        src: journey.src,
        dst: journey.dst,
        id: exchange.icmpId,
        seq: exchange.icmpSeq,
        packets: journey.packets.map(String),
        verdict: journey.verdict,
        durationNs: journey.endNs - journey.startNs,
        join: journey.join,
        incomplete: exchange.incomplete,
        path: journey.crossings.map(({ netns, netnsInum, ifindex, ifname, way, t }) => ({
          netns: netnsInum,
          netnsName: netnsName(netns),
          ifindex,
          ifname,
          way,
          sinceNs: t - journey.startNs,
        })),
        ...(journey.drop === null
          ? {}
          : { drop: { reason: journey.drop.reason, location: journey.drop.location, ifname: journey.drop.ifname } }),
      }),
    exchange: (exchange) => line(exchangeJson(exchange, context)),
    path: (path) => line(pathJson(path, context)),
    ledger: ({ seen, delivered, pending, lost, identityFull, recursionMisses, sampledOneIn, final }) =>
      line({
        type: 'ledger',
        seen,
        delivered,
        missed: lostInAll({ lost }),
        pending,
        lost,
        identityFull,
        recursionMisses,
        sampledOneIn,
        final,
      }),
  };
}

function line(value: Readonly<Record<string, unknown>>): string {
  return safeJson({ schema: SCHEMA, ...value });
}
