// Recordings in memory: real ones, under other names, as what an export is made of.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parsePacket } from '@hopscope/model';
import {
  BATCH_HEADER_BYTES,
  createRecordingWriter,
  type Evidence,
  IFNAME_BYTES,
  type Namespace,
  OFFSET,
  openRecording,
  RECORD_BYTES,
  type RecordingEntry,
  type RecordingHeader,
  readBatch,
  type ServerFrame,
  type Topology,
} from '@hopscope/protocol';
import type { ExportFormat, ExportOptions, ExportSource } from '../../../apps/agent/src/export/format.ts';

export const RECORDINGS = join(import.meta.dirname, '../../../recordings');

export interface Incident {
  readonly header: RecordingHeader;
  readonly entries: readonly RecordingEntry[];
}

export async function readIncident(name: string): Promise<Incident> {
  return incidentOf(readFileSync(join(RECORDINGS, `${name}.hops`)));
}

export async function incidentOf(bytes: Uint8Array): Promise<Incident> {
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  const recording = await openRecording(source, (packed) => gunzipSync(packed));
  const entries: RecordingEntry[] = [];
  for (const [i, block] of recording.blocks.entries()) {
    const all = await recording.read(block);
    entries.push(...(i === 0 ? all : all.slice(block.keyframes)));
  }
  return { header: recording.header, entries };
}

export function bytesOf({ header, entries }: Incident): Buffer {
  const parts: Uint8Array[] = [];
  const writer = createRecordingWriter({
    header,
    keyframe: () => [],
    write: (bytes) => parts.push(bytes),
    gzip: (bytes) => gzipSync(bytes),
  });
  for (const entry of entries)
    writer.add(entry, entry.frame instanceof Uint8Array ? readBatch(entry.frame, 0n).count : 0);
  writer.finish();
  return Buffer.concat(parts);
}

export function sourceOf({ header, entries }: Incident, damage: string | null = null): ExportSource {
  return {
    header,
    begin: 'start',
    damage,
    async *frames() {
      yield entries;
    },
  };
}

export const EVERYTHING: ExportOptions = {
  displayFilter: '',
  packets: 'hop',
  exchange: null,
  isWaterfall: false,
  isDark: false,
  title: '',
  notes: '',
};

export async function exported(format: ExportFormat, source: ExportSource, options = EVERYTHING): Promise<Buffer> {
  const parts: Buffer[] = [];
  await format.write(source, options, async (part) => {
    parts.push(Buffer.from(part));
  });
  return Buffer.concat(parts);
}

/** What things are called. Interfaces have at most 15 bytes. */
export interface Names {
  readonly host: string;
  readonly container: (old: string) => string;
  readonly image: (container: string) => string;
  readonly project: (container: string) => string;
  readonly interface: (old: string) => string;
}

/** The same incident under other names, in the topology, in records and in what is known about drops. */
export function renamed({ header, entries }: Incident, names: Names): Incident {
  const old = new Map<string, string>();
  const containerOf = (name: string) => remember(name, names.container(name));
  const interfaceOf = (name: string) => (name === 'lo' ? name : remember(name, names.interface(name)));
  function remember(name: string, now: string): string {
    old.set(name, now);
    return now;
  }
  const inText = (text: string) => text.replace(/[\w-]+/g, (word) => old.get(word) ?? word);

  const namespace = (one: Namespace): Namespace => ({
    ...one,
    names: one.names.map(({ text }) => {
      const container = containerOf(text);
      return { text: container, source: 'docker', image: names.image(container), project: names.project(container) };
    }),
    links: one.links.map((link) => ({ ...link, name: interfaceOf(link.name) })),
  });
  const topology = ({ namespaces }: Topology): Topology => ({ namespaces: namespaces.map(namespace) });
  const facts = (evidence: Evidence): Evidence =>
    Object.fromEntries(
      Object.entries(evidence).map(([fact, value]) => [fact, typeof value === 'string' ? inText(value) : value]),
    );
  function control(frame: ServerFrame): ServerFrame {
    if (frame.type === 'topology') return { ...frame, topology: topology(frame.topology) };
    if (frame.type === 'evidence') return { ...frame, facts: facts(frame.facts) };
    if (frame.type !== 'topology-patch') return frame;
    const changes = frame.changes.map((change) =>
      change.op === 'put' ? { ...change, namespace: namespace(change.namespace) } : change,
    );
    return { ...frame, changes };
  }
  return {
    header: { ...header, hello: { ...header.hello, host: { ...header.hello.host, name: names.host } } },
    entries: entries.map(({ t, frame }) => ({
      t,
      frame: frame instanceof Uint8Array ? inRecords(frame, (record) => renameIn(record, interfaceOf)) : control(frame),
    })),
  };
}

/** A batch with each of its records changed. */
export function inRecords(batch: Uint8Array, change: (record: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(batch);
  const headerBytes = new DataView(copy.buffer).getUint16(4, true);
  for (let at = Math.max(headerBytes, BATCH_HEADER_BYTES); at < copy.length; at += RECORD_BYTES) {
    change(copy.subarray(at, at + RECORD_BYTES));
  }
  return copy;
}

function renameIn(record: Uint8Array, rename: (name: string) => string): void {
  const field = record.subarray(OFFSET.ifname, OFFSET.ifname + IFNAME_BYTES);
  const name = Buffer.from(field).toString('utf8').replace(/\0.*$/s, '');
  if (name === '') return;
  field.fill(0);
  new TextEncoder().encodeInto(rename(name), field);
}

export type Kind = 'IPv4' | 'IPv6' | 'MAC' | 'host' | 'container' | 'image' | 'project' | 'interface';

/** Everything that names the machine or its neighbours, by kind; not what every machine has. */
export function originalsOf({ header, entries }: Incident): Map<Kind, Set<string>> {
  const found = new Map<Kind, Set<string>>();
  const add = (kind: Kind, text: string) => {
    if (text === '' || isCommon(text)) return;
    found.set(kind, (found.get(kind) ?? new Set()).add(text));
  };
  const ip = (text: string) => add(text.includes(':') ? 'IPv6' : 'IPv4', text);
  add('host', header.hello.host.name);
  for (const { frame } of entries) {
    if (frame instanceof Uint8Array) {
      const batch = readBatch(frame, 0n);
      for (let i = 0; i < batch.count; i++) {
        const hop = batch.hop(i);
        add('interface', hop.ifname);
        const packet = parsePacket(hop);
        if (packet === null) continue;
        for (const one of [packet, ...packet.outer, ...(packet.quoted === null ? [] : [packet.quoted])]) {
          ip(one.src);
          ip(one.dst);
        }
        add('MAC', packet.mac?.src ?? '');
        add('MAC', packet.mac?.dst ?? '');
      }
    } else {
      for (const namespace of namespacesIn(frame)) addNamespace(namespace);
    }
  }
  return found;

  function addNamespace({ names, links, defaultRoutes }: Namespace): void {
    for (const { text, image, project } of names) {
      add('container', text);
      add('image', image);
      add('project', project);
    }
    for (const { name, mac, vxlanRemote, addresses } of links) {
      add('interface', name);
      add('MAC', mac);
      ip(vxlanRemote);
      for (const { address } of addresses) ip(address);
    }
    for (const { gateway } of defaultRoutes) ip(gateway);
  }
}

function namespacesIn(frame: ServerFrame): readonly Namespace[] {
  if (frame.type === 'topology') return frame.topology.namespaces;
  if (frame.type !== 'topology-patch') return [];
  return frame.changes.flatMap((change) => (change.op === 'put' ? [change.namespace] : []));
}

const COMMON = /^(lo|127\.|0\.0\.0\.0|::1?$|ff0|00:00:00:00:00:00|ff:ff:ff:ff:ff:ff|33:33:|01:00:5e)/i;
const isCommon = (text: string) => COMMON.test(text);

/** Whether the bytes hold it, as a text or, an address, as it stands in a header. */
export function holds(bytes: Buffer, original: string, kind: Kind): boolean {
  const raw = rawOf(original, kind);
  if (raw !== null && bytes.includes(raw)) return true;
  // DOT and JSON write the end of a line as two characters, the second of them a letter.
  const text = bytes.toString('latin1').replaceAll('\\n', '\n');
  const word = original.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\w.:])${word}(?![\\w:]|\\.\\d)`, 'i').test(text);
}

function rawOf(address: string, kind: Kind): Buffer | null {
  if (kind === 'IPv4') return Buffer.from(address.split('.').map(Number));
  if (kind === 'MAC') return Buffer.from(address.replaceAll(':', ''), 'hex');
  return kind === 'IPv6' ? ipv6Of(address) : null;
}

export function ipv6Of(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => group.padStart(4, '0')));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<string>(8 - left.length - right.length).fill('0000');
  return Buffer.from([...left, ...zeros, ...right].join(''), 'hex');
}
