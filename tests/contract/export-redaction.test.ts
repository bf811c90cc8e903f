// Every format of every recording: redacted it holds no original, otherwise it does.
import { OFFSET } from '@hopscope/protocol';
import { describe, expect, test } from 'vitest';
import { FORMATS } from '../../apps/agent/src/export/formats.ts';
import { redactedSource } from '../../apps/agent/src/export/redacted-source.ts';
import {
  exported,
  holds,
  type Incident,
  incidentOf,
  inRecords,
  ipv6Of,
  type Kind,
  originalsOf,
  readIncident,
  renamed,
  sourceOf,
} from './support/incident.ts';

const KEY = new Uint8Array(32).fill(7);
const OWN_IPV6 = ipv6Of('2001:db8:77::5');

/** What a format shows of the recordings below, at least. */
const SHOWN: Readonly<Record<string, readonly Kind[]>> = {
  '.pcapng': ['IPv4', 'IPv6', 'MAC', 'container', 'interface'],
  '.jsonl': ['IPv4', 'IPv6', 'container', 'interface'],
  '.md': ['IPv4', 'IPv6', 'MAC', 'host', 'container', 'interface'],
  '.mmd': ['IPv4', 'IPv6', 'container', 'interface'],
  '.dot': ['IPv4', 'IPv6', 'container', 'interface'],
  '.csv': ['IPv4', 'IPv6', 'container', 'interface'],
  '.svg': ['IPv4', 'IPv6', 'MAC', 'host', 'container', 'interface'],
  '.otlp.json': ['IPv4', 'IPv6', 'host', 'container', 'interface'],
  '.hops': ['IPv4', 'IPv6', 'MAC', 'host', 'container', 'image', 'project', 'interface'],
  '.html': ['IPv4', 'IPv6', 'MAC', 'host', 'container', 'image', 'project', 'interface'],
};

/** What is packed inside of a format is unpacked before it is searched. */
const UNPACKED: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  '.hops': unpackRecording,
  // What is written into the page besides the recording, and what is in that; the page's own program has words of its own.
  '.html': async (bytes) => {
    const [, title = ''] = /<title>(.*?)<\/title>/.exec(bytes.toString()) ?? [];
    const [, cover = ''] =
      /<script type="application\/json" id="hopscope-cover">(.*?)<\/script>/.exec(bytes.toString()) ?? [];
    return Buffer.concat([Buffer.from(title + cover), await unpackRecording(bytes)]);
  },
};

async function unpackRecording(bytes: Buffer): Promise<Buffer> {
  const { header, entries } = await incidentOf(bytes);
  const frames = entries.map(({ frame }) => (frame instanceof Uint8Array ? frame : Buffer.from(JSON.stringify(frame))));
  return Buffer.concat([Buffer.from(JSON.stringify(header)), ...frames]);
}

/** Names that stand nowhere by chance. */
function named(incident: Incident): Incident {
  let count = 0;
  const interfaces = new Map<string, string>();
  return renamed(incident, {
    host: 'build-server-7',
    container: (name) => `acme-${name}-billing`,
    image: (container) => `registry.acme.example/${container}:3`,
    project: (container) => `project-of-${container}`,
    interface: (name) => {
      const known = interfaces.get(name) ?? `zulu${++count}`;
      interfaces.set(name, known);
      return known;
    },
  });
}

/** The pings to ::1 go to an address that is not everybody's. */
function withOwnAddress({ header, entries }: Incident): Incident {
  const loopback = ipv6Of('::1');
  const change = (record: Uint8Array) => {
    const headers = Buffer.from(record.buffer, record.byteOffset + OFFSET.headers, record.length - OFFSET.headers);
    for (let at = headers.indexOf(loopback); at >= 0; at = headers.indexOf(loopback)) headers.set(OWN_IPV6, at);
  };
  const noted = { ...header, notes: 'On build-server-7, 172.17.0.2.', filter: '--filter-netns acme-web-billing' };
  return {
    header: noted,
    entries: entries.map(({ t, frame }) => ({
      t,
      frame: frame instanceof Uint8Array ? inRecords(frame, change) : frame,
    })),
  };
}

async function incidents(): Promise<Incident[]> {
  const names = ['localhost', 'nat', 'vxlan', 'drop-forward-drop', 'drop-no-route', 'docker'];
  const all = await Promise.all(names.map(readIncident));
  return all.map((incident) => named(withOwnAddress(incident)));
}

function found(bytes: Buffer, incident: Incident): { readonly kind: Kind; readonly original: string }[] {
  return [...originalsOf(incident)].flatMap(([kind, originals]) =>
    [...originals].filter((original) => holds(bytes, original, kind)).map((original) => ({ kind, original })),
  );
}

/** Made of the SVG. */
const PIXELS = '.png';

describe.each(FORMATS.filter(({ ending }) => ending !== PIXELS).map((format) => [format.ending, format] as const))(
  '%s',
  (ending, format) => {
    const unpack = UNPACKED[ending] ?? (async (bytes: Buffer) => bytes);

    test('shows originals, or this test could not fail', async () => {
      const kinds = new Set<Kind>();
      for (const incident of await incidents()) {
        const bytes = await unpack(await exported(format, sourceOf(incident)));
        for (const { kind } of found(bytes, incident)) kinds.add(kind);
      }
      expect([...kinds]).toEqual(expect.arrayContaining([...(SHOWN[ending] ?? ['IPv4'])]));
    });

    test.each(['numbered', 'keyed'] as const)('redacted it shows none: %s names', async (names) => {
      for (const incident of await incidents()) {
        const source = await redactedSource(sourceOf(incident), KEY, names);
        const bytes = await unpack(await exported(format, source));
        expect(bytes.length).toBeGreaterThan(0);
        expect(found(bytes, incident)).toEqual([]);
      }
    });
  },
);

test('with a key, a name and an address have the same stand-in in every file', async () => {
  const topologies = await Promise.all(
    (await incidents()).map(async (incident) => {
      const source = await redactedSource(sourceOf(incident), KEY, 'keyed');
      const pairs = new Map<string, string>();
      for await (const entries of source.frames()) {
        for (const [i, { frame }] of entries.entries()) {
          const before = incident.entries[i]?.frame;
          if (frame instanceof Uint8Array || before instanceof Uint8Array) continue;
          if (frame.type !== 'topology' || before?.type !== 'topology') continue;
          for (const [n, namespace] of frame.topology.namespaces.entries()) {
            const old = before.topology.namespaces[n];
            pairs.set(old?.names[0]?.text ?? '', namespace.names[0]?.text ?? '');
            const address = old?.links[1]?.addresses[0]?.address ?? '';
            pairs.set(address, namespace.links[1]?.addresses[0]?.address ?? '');
          }
        }
      }
      return pairs;
    }),
  );
  const all = new Map<string, string>();
  let shared = 0;
  for (const [before, after] of topologies.flatMap((pairs) => [...pairs])) {
    if (all.has(before)) shared++;
    expect(all.get(before) ?? after).toBe(after);
    all.set(before, after);
  }
  expect(shared).toBeGreaterThan(5);
  expect(new Set(all.values()).size).toBe(all.size);
});
