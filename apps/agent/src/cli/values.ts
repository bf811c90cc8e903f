// One check per kind of value. Each throws a usage Failure that says what is allowed.
import { type LabFault, PRACTICE_FAULTS } from '@hopscope/lab';
import { suggest } from '@hopscope/model';
import { readDisplayFilter } from '../lib/display-filter.ts';
import { EXIT, Failure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';

/** @param expected completes "… is not": "a port: 0 to 65535" */
function wrong(text: string, expected: string): Failure {
  return new Failure(EXIT.usage, `"${printable(text)}" is not ${expected}`);
}

/** @returns 0 to 65535 */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw wrong(text, 'a port: 0 to 65535');
  return port;
}

/** @param text ports with commas between them */
export function readPorts(text: string): number[] {
  return text.split(',').map(readPort);
}

const PROTOCOLS = ['icmp', 'icmp6', 'udp', 'tcp'] as const;

/** @param text names with commas between them */
export function readProtocols(text: string): (typeof PROTOCOLS)[number][] {
  return text.split(',').map((name) => {
    const protocol = PROTOCOLS.find((each) => each === name);
    if (protocol === undefined) throw wrong(name, 'a protocol: icmp, icmp6, udp or tcp');
    return protocol;
  });
}

/** @returns an address that only this machine can reach */
export function readHost(text: string): string {
  if (text === 'localhost' || text === '::1' || isLoopback4(text)) return text;
  if (text === '[::1]') return '::1';
  throw wrong(
    text,
    'a loopback address. For now the page is for this machine alone: use localhost, 127.0.0.1 or ::1, and `ssh -L 7070:localhost:7070` from elsewhere',
  );
}

function isLoopback4(text: string): boolean {
  const bytes = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  return bytes?.every((byte) => Number(byte) <= 255 && String(Number(byte)) === byte) === true;
}

export function readCount(text: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw wrong(text, 'a count: a whole number from 1');
  return count;
}

/** What the kernel takes: a power of two. @returns bytes */
export function readBuffer(text: string): number {
  const kib = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (kib < 64 || kib > 1_048_576 || !Number.isInteger(Math.log2(kib))) {
    throw wrong(text, 'a size in KiB: a power of two from 64 to 1048576');
  }
  return kib * 1024;
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Smaller ones would hold little more than the topology. */
const SMALLEST_FILE = 64 * 1024;

/** `100M`, `1G`. @returns bytes */
export function readSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([KMG])$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? 0);
  if (bytes < SMALLEST_FILE) throw wrong(text, 'a size: a number with K, M or G behind it, from 64K on');
  return bytes;
}

const MS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

/** What is kept at most: `64M`, `10min`, both with a comma between, or `0`. */
export function readHistory(text: string): { readonly maxBytes?: number; readonly maxMs?: number } {
  const limits: { maxBytes?: number; maxMs?: number } = {};
  for (const part of text.split(',')) {
    const [, digits = '', unit = ''] = /^(\d{1,6})(s|min|h|[KMG])?$/i.exec(part) ?? [];
    const bytes = UNITS[unit.toUpperCase()];
    const ms = MS[unit.toLowerCase()];
    if (digits === '' || (unit === '' && Number(digits) !== 0))
      throw wrong(part, 'a size or a time: 64M, 90s, 10min, or 0');
    if (ms !== undefined) limits.maxMs = Number(digits) * ms;
    else limits.maxBytes = Math.min(Number(digits) * (bytes ?? 0), LARGEST_HISTORY);
  }
  return limits;
}

/** It is kept in memory. */
const LARGEST_HISTORY = 4 * 2 ** 30;

/** More is a document of its own. */
const LONGEST_NOTES = 2000;

export function readNotes(text: string): string {
  if (text.length > LONGEST_NOTES)
    throw wrong(`${text.slice(0, 20)}…`, `a note of at most ${LONGEST_NOTES} characters`);
  return text;
}

/** @returns 0.001 to 1000 */
export function readSpeed(text: string): number {
  const speed = /^\d{1,4}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (!(speed >= 0.001 && speed <= 1000)) throw wrong(text, 'a speed: 0.001 to 1000');
  return speed;
}

/** A timer holds no more than 2^31 - 1 ms. */
const LONGEST_SECONDS = 2_147_483;

export function readSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(seconds > 0 && seconds <= LONGEST_SECONDS)) throw wrong(text, 'a number of seconds above 0, at most 24 days');
  return seconds;
}

/** As the kernel's dev_valid_name(): at most 15 bytes, no slash, colon or space, not `.` or `..`. */
export function readIfname(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes < 1 || bytes > 15 || /[/:\s]/.test(text) || text === '.' || text === '..') {
    throw wrong(text, "an interface's name: 1 to 15 bytes without space, slash and colon");
  }
  return text;
}

export function readNetnsSpec(text: string): string {
  if (text === '' || text.includes('\0')) throw wrong(text, 'a network namespace');
  return text;
}

export function readPath(text: string): string {
  if (text === '' || text.includes('\0')) throw wrong(text, 'the name of a file');
  return text;
}

/** @returns what a packet of a pcapng file is */
export function readPackets(text: string): 'hop' | 'journey' {
  if (text !== 'hop' && text !== 'journey') throw wrong(text, 'hop or journey');
  return text;
}

/** @returns the text of a display filter that is one */
export function readFilter(text: string): string {
  readDisplayFilter(text);
  return text;
}

/** @returns a fault of the practice host */
export function readFault(text: string): LabFault {
  const found = PRACTICE_FAULTS.find(({ name }) => name === text);
  if (found !== undefined) return found;
  const near = suggest(
    text,
    PRACTICE_FAULTS.map(({ name }) => name),
  );
  throw wrong(text, `a fault${near === null ? '' : ` (did you mean ${near}?)`}: \`hopscope lab faults\` lists them`);
}
