// A page that carries its recording in itself (packages/protocol/src/recording/incident.ts).
import { fromBase64, INCIDENT_IDS, type IncidentCover, type IncidentParts, parseCover } from '@hopscope/protocol';

export interface OwnIncident {
  readonly cover: IncidentCover;
  readonly recording: Uint8Array;
}

const textOf = (id: string): string | null => document.getElementById(id)?.textContent ?? null;

export const isIncident = (): boolean => textOf(INCIDENT_IDS.cover) !== null;

/** @returns null on every other page @throws Error when it is broken */
export function readOwnIncident(): OwnIncident | null {
  const cover = textOf(INCIDENT_IDS.cover);
  const recording = textOf(INCIDENT_IDS.recording);
  if (cover === null || recording === null) return null;
  return { cover: parseCover(cover), recording: fromBase64(recording) };
}

/** The page itself, to make another one of it; null on every other page. */
export function ownPage(): Pick<IncidentParts, 'script' | 'styles'> | null {
  const script = textOf(INCIDENT_IDS.script);
  const styles = document.querySelector('head > style')?.textContent ?? null;
  return script === null || styles === null ? null : { script, styles };
}
