// What the assembler makes of a recording, and what the ground-truth cases ask of it.
import { createAssembler, type Exchange, type Journey } from '@hopscope/model';
import { dropReasons } from '@hopscope/native';
import { type Hop, STAGE, type TimeNs } from '@hopscope/protocol';
import { expect } from 'vitest';
import type { Recording } from './recorder.ts';

/** More than any case sends: nothing is forgotten. */
const KEEP = 100_000;
/** Past the time-out, so that every verdict is final. */
const AFTER_NS = 10_000_000_000;

const STAGE_NAMES = new Map(Object.entries(STAGE).map(([name, value]) => [value as number, name]));

export function stageName(hop: Hop): string {
  return STAGE_NAMES.get(hop.stage) ?? String(hop.stage);
}

/** Every exchange of a recording without a loss, in order of start. */
export function exchangesOf({ hops, counters, locations }: Recording): Exchange[] {
  expect(counters).toMatchObject({ ringFull: 0, identityFull: 0 });
  const assembler = createAssembler({ dropReasons: dropReasons(), keep: KEEP });
  assembler.addLocations(Object.fromEntries(locations.entries()));
  for (const hop of hops) assembler.add(hop);
  assembler.advance(((hops.at(-1)?.t ?? 0) + AFTER_NS) as TimeNs);
  return assembler.ids().flatMap((id) => assembler.exchange(id) ?? []);
}

export function journeysOf({ request, reply, errors }: Exchange): Journey[] {
  return [request, reply, ...errors].filter((journey) => journey !== null);
}

/** Every hop on a device that the exchange is made of. */
export function hopsOf(exchange: Exchange): Hop[] {
  return journeysOf(exchange).flatMap(({ crossings }) => crossings.flatMap(({ hops }) => hops));
}

/** The devices of a journey as `namespace/interface way`. @param nameOf name of a namespace by its inode number */
export function placesOf(journey: Journey | null, nameOf: (inum: number) => string): string[] {
  return (journey?.crossings ?? []).map(({ netnsInum, ifname, way }) => `${nameOf(netnsInum)}/${ifname} ${way}`);
}

/** The same with the stages there, each as `namespace/interface stage`. */
export function stagesOf(journey: Journey | null, nameOf: (inum: number) => string): string[] {
  return (journey?.crossings ?? []).flatMap(({ hops }) =>
    hops.map((hop) => `${nameOf(hop.netnsInum)}/${hop.ifname} ${stageName(hop)}`),
  );
}
