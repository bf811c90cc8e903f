// A recording inside one HTML file, with the page that shows it: no server, no network. The layout is in docs/recording.md.
//
// The file is made of what its author's Hopscope brought, so whoever opens it believes nothing that stands in the recording: the policy in
// the file lets nothing run but its own script, and nothing be fetched.
import * as v from 'valibot';
import { RecordingError, type RecordingSource } from './source.ts';

const START = '<!doctype html>\n<!-- hopscope incident 1 -->\n';
/** Of the elements. */
export const INCIDENT_IDS = {
  cover: 'hopscope-cover',
  recording: 'hopscope-recording',
  script: 'hopscope-page',
} as const;
const recordingTag = `<script type="application/octet-stream" id="${INCIDENT_IDS.recording}">`;
/** In base64 a third more than the recordings that a page opens. */
const HTML_MAX_BYTES = 360 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** What its author says of it. */
const IncidentCover = v.object({
  title: v.string(),
  notes: v.string(),
  /** Of the recording's file. */
  name: v.string(),
  /** The display filter to begin with; empty = none. */
  filter: v.string(),
  /** The exchange to begin with: one of its packets, and when it began in µs since the epoch; null = it is shown from its start. */
  exchange: v.nullable(v.object({ packet: v.number(), wallUs: v.number() })),
});
export type IncidentCover = v.InferOutput<typeof IncidentCover>;

/** @throws Error when it is none */
export const parseCover = (json: string): IncidentCover => v.parse(IncidentCover, JSON.parse(json));

export interface IncidentParts {
  readonly cover: IncidentCover;
  readonly recording: Uint8Array;
  /** The page, as one script and one style sheet. */
  readonly script: string;
  readonly styles: string;
}

/** @returns the file */
export async function incidentHtml({ cover, recording, script, styles }: IncidentParts): Promise<string> {
  // Nothing in them can end the element that they stand in.
  const code = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  const style = styles.replaceAll('</style', '<\\/style');
  const policy = [
    "default-src 'none'",
    `script-src '${await hashOf(code)}'`,
    `style-src '${await hashOf(style)}'`,
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `${START}<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeText(cover.title === '' ? 'Hopscope incident' : cover.title)}</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript>Hopscope draws with JavaScript; please switch it on for this page.</noscript>
<script type="application/json" id="${INCIDENT_IDS.cover}">${JSON.stringify(cover).replaceAll('<', '\\u003c')}</script>
${recordingTag}${base64(recording)}</script>
<script id="${INCIDENT_IDS.script}">${code}</script>
</body>
</html>
`;
}

/**
 * The recording in such a file.
 * @returns null when the source is no such file
 * @throws RecordingError when there is none in it, or it is broken or too large
 */
export async function recordingInIncident(source: RecordingSource): Promise<RecordingSource | null> {
  const start = await source.read(0, START.length);
  if (latin1(start) !== START) return null;
  if (source.bytes > HTML_MAX_BYTES) {
    throw new RecordingError(`the page has ${source.bytes} bytes, more than ${HTML_MAX_BYTES} are not read`);
  }
  let text = '';
  let at = 0;
  while (at < source.bytes) {
    const piece = await source.read(at, PIECE_BYTES);
    if (piece.byteLength === 0) break;
    text += latin1(piece);
    at += piece.byteLength;
  }
  const from = text.indexOf(recordingTag);
  const to = text.indexOf('</script>', from);
  if (from < 0 || to < 0) throw new RecordingError('the page is cut: there is no whole recording in it');
  const bytes = fromBase64(text.slice(from + recordingTag.length, to));
  return { bytes: bytes.byteLength, read: async (offset, count) => bytes.subarray(offset, offset + count) };
}

const decoder = new TextDecoder('latin1');
const latin1 = (bytes: Uint8Array): string => decoder.decode(bytes);

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${base64(new Uint8Array(digest))}`;
}

/** Of a whole number of groups of three bytes. */
const BASE64_PIECE = 3 * 8192;

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += BASE64_PIECE) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + BASE64_PIECE))));
  }
  return parts.join('');
}

/** @throws RecordingError when it is none */
export function fromBase64(text: string): Uint8Array {
  try {
    const binary = atob(text.trim());
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    throw new RecordingError('the recording in this page is broken: it is no base64');
  }
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
