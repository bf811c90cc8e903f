// One object a line for other programs. docs/json.md says what each field means; change both together.
import type { Exchange, Journey } from '@hopscope/model';
import type { Hop, Ledger, NetnsId } from '@hopscope/protocol';
import type { HopView } from './hop-view.ts';
import { stageName } from './line.ts';

/** Raised when a field changes its meaning or goes; a new field or type does not raise it. */
const SCHEMA = 1;

export interface JsonWriter {
  hop(hop: Hop, view: HopView, drop: { readonly reason: string; readonly location: string } | null): string;
  journey(journey: Journey, exchange: Exchange): string;
  ledger(ledger: Ledger): string;
}

export interface JsonContext {
  /** ns since the epoch of packet time 0 */
  readonly epochNs: bigint;
  /** The namespace's title, '' while it is not known. */
  readonly netnsName: (netns: NetnsId | null) => string;
}

export function createJsonWriter({ epochNs, netnsName }: JsonContext): JsonWriter {
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
        icmp: view.packet.icmp === null ? null : { ...view.packet.icmp, ...view.echo },
        kind: view.kind,
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
    ledger: ({ seen, delivered, pending, lost, identityFull, final }) =>
      line({ type: 'ledger', seen, delivered, missed: missedOf(lost), pending, lost, identityFull, final }),
  };
}

export function missedOf(lost: Readonly<Record<string, number>>): number {
  return Object.values(lost).reduce((sum, count) => sum + count, 0);
}

/** JSON leaves C1 controls and reordering characters as they are; a terminal would act on them. */
function line(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ schema: SCHEMA, ...value }).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
