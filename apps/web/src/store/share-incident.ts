// What is shown as one page that anybody can open: the recording and this page's own program, in a file.
import { type Redactor, redactRecording } from '@hopscope/model';
import {
  type IncidentCover,
  type IncidentParts,
  incidentHtml,
  openRecording,
  type Recording,
  rewriteRecording,
} from '@hopscope/protocol';
import { blobSource, gunzip, gzip } from '../wire/recording/blob-source.ts';
import { ownPage } from '../wire/recording/own-incident.ts';
import type { TimeRange } from './shown.ts';

export interface IncidentOptions {
  /** A recording, or a page with one in it. */
  readonly bytes: Blob;
  readonly cover: IncidentCover;
  /** Null: originals. */
  readonly redactor: Redactor | null;
  /** Only what is around this time, as far as blocks allow; null = all of it. */
  readonly range: TimeRange | null;
}

/** For the answers, and for what is lost sight of. */
const AFTER_RANGE_MS = 3000;
/** Where the agent has them. */
const PAGE_URLS = { script: '/incident/incident.js', styles: '/incident/incident.css' };

/** @throws Error in words, or RecordingError */
export async function makeIncident({ bytes, cover, redactor, range }: IncidentOptions): Promise<Blob> {
  const page = ownPage() ?? (await fetchPage());
  const source = blobSource(bytes);
  const whole = await openRecording(source, gunzip);
  const recording = range === null ? whole : { ...whole, blocks: blocksAround(whole, range) };
  const of = { source, recording, gzip };
  const rewritten =
    redactor === null ? rewriteRecording({ ...of, header: whole.header }) : redactRecording({ ...of, redactor });
  const parts: BlobPart[] = [];
  for await (const part of rewritten) parts.push(new Uint8Array(part));
  const packed = new Uint8Array(await new Blob(parts).arrayBuffer());
  return new Blob([await incidentHtml({ ...page, cover, recording: packed })], { type: 'text/html' });
}

async function fetchPage(): Promise<Pick<IncidentParts, 'script' | 'styles'>> {
  const read = async (url: string): Promise<string> => {
    const response = await fetch(url);
    if (!response.ok) throw new Error('the agent does not have the page to put it into: is it of another version?');
    return response.text();
  };
  const [script, styles] = await Promise.all([read(PAGE_URLS.script), read(PAGE_URLS.styles)]);
  return { script, styles };
}

/** The first one tells where everything stood. */
function blocksAround({ header, blocks }: Recording, { fromMs, toMs }: TimeRange): Recording['blocks'] {
  const originMs = Number(BigInt(header.hello.clock.wallNs) / 1000n) / 1000;
  const nsOf = (ms: number): number => (ms - originMs) * 1e6;
  const first = blocks.findLastIndex(({ isKeyframe, firstNs }) => isKeyframe && firstNs <= nsOf(fromMs));
  return blocks.slice(Math.max(0, first)).filter(({ firstNs }) => firstNs <= nsOf(toMs + AFTER_RANGE_MS));
}
