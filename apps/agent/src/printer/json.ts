// One object a line for other programs. docs/json.md says what each field means; change both together.
import {
  createExchangeText,
  type Exchange,
  type Journey,
  type JsonContext,
  lostInAll,
  type PathReport,
  pathJson,
  safeJson,
} from '@hopscope/model';
import type { Ledger } from '@hopscope/protocol';
import { createHopJson, type HopJson } from './json-hop.ts';
import { createWallClock } from './wall-clock.ts';

/** Raised when a field changes its meaning or goes; a new field or type does not raise it. */
const SCHEMA = 1;

export interface JsonWriter {
  readonly hop: HopJson;
  journey(journey: Journey, exchange: Exchange): string;
  exchange(exchange: Exchange): string;
  path(path: PathReport): string;
  ledger(ledger: Ledger): string;
}

export function createJsonWriter(context: JsonContext): JsonWriter {
  const { epochNs } = context;
  const { netnsName } = context.surroundings;
  const wallNs = createWallClock(epochNs);
  return {
    hop: createHopJson(SCHEMA, context),
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
    exchange: createExchangeText({ schema: SCHEMA }, context),
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
