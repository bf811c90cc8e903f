// One POST of OTLP/JSON and what the answer means: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { gzipSync } from 'node:zlib';
import { messageOf } from '../failure.ts';
import type { OtlpSettings } from './settings.ts';

export type Outcome =
  /** `rejectedSpans` of them were not taken, for good. */
  | { readonly kind: 'taken'; readonly rejectedSpans: number; readonly message: string }
  /** @property afterMs as the server asked for; null = it did not */
  | { readonly kind: 'later'; readonly afterMs: number | null; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

const RETRYABLE = new Set([429, 502, 503, 504]);
/** More of an answer is not read. */
const ANSWER_MAX_BYTES = 64 * 1024;

/** Resolves in any case. @param stop gives up at once */
export function postTraces(body: string, settings: OtlpSettings, stop: AbortSignal): Promise<Outcome> {
  const { url, headers, timeoutMs, gzip } = settings;
  const bytes = gzip ? gzipSync(body) : Buffer.from(body);
  return new Promise((resolve) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const later = (error: unknown) => {
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error) || 'no connection';
      resolve({ kind: 'later', afterMs: null, message: why });
    };
    try {
      const request = url.protocol === 'https:' ? requestHttps : requestHttp;
      const sending = request(url, {
        method: 'POST',
        headers: {
          ...headers,
          'Content-Type': 'application/json',
          'Content-Length': bytes.byteLength,
          ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
        },
        signal: AbortSignal.any([stop, timeout]),
      });
      sending.on('error', later);
      sending.on('response', (response) => {
        const { statusCode = 0, headers: answered } = response;
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          if (text.length < ANSWER_MAX_BYTES) text += part;
        });
        response.on('error', later);
        response.on('end', () => resolve(judge(statusCode, answered['retry-after'], text, Date.now())));
      });
      sending.end(bytes);
    } catch (error) {
      // A header that HTTP does not allow.
      resolve({ kind: 'refused', message: messageOf(error) });
    }
  });
}

function judge(status: number, retryAfter: string | undefined, text: string, nowMs: number): Outcome {
  const answer = readObject(text);
  if (status >= 200 && status < 300) {
    const partial = readObject(answer.partialSuccess);
    // An int64 is a string in JSON; some write a number.
    const rejected = Number(partial.rejectedSpans ?? 0);
    const rejectedSpans = Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
    return { kind: 'taken', rejectedSpans, message: textOf(partial.errorMessage) };
  }
  const message = [`HTTP ${status}`, textOf(answer.message)].filter((part) => part !== '').join(': ');
  if (RETRYABLE.has(status)) return { kind: 'later', afterMs: readRetryAfter(retryAfter, nowMs), message };
  return { kind: 'refused', message };
}

/** Seconds, or a date, which has the name of a month: `-1` would be the year 2001 to Date.parse. */
function readRetryAfter(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function readObject(value: unknown): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '');
