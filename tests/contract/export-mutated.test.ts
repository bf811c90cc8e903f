// Whatever records and names hold: every format writes something, and nothing but a refusal of its own is thrown.
import { BATCH_HEADER_BYTES, type Topology } from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FORMATS } from '../../apps/agent/src/export/formats.ts';
import { redactedSource } from '../../apps/agent/src/export/redacted-source.ts';
import { exported, type Incident, readIncident, sourceOf } from './support/incident.ts';

/** Formats that draw on a browser would take minutes. */
const SLOW = ['.png'];
/** Each is read, and written in every format: 25 times as slow as reading alone. */
const RUNS = Math.ceil(Number(process.env.HOPSCOPE_MUTATIONS ?? 1000) / 25);
const KEY = new Uint8Array(32).fill(7);

type Changes = readonly (readonly [number, number])[];

/** Bytes of records changed, and names of namespaces and interfaces. */
function mutated({ header, entries }: Incident, changes: Changes, names: readonly string[]): Incident {
  const topology = ({ namespaces }: Topology): Topology => ({
    namespaces: namespaces.map((namespace, i) => ({
      ...namespace,
      names: namespace.names.map((name) => ({ ...name, text: names[i % names.length] ?? '' })),
      links: namespace.links.map((link, n) => ({ ...link, name: names[(i + n) % names.length] ?? '' })),
    })),
  });
  return {
    header,
    entries: entries.map(({ t, frame }) => {
      if (!(frame instanceof Uint8Array)) {
        return { t, frame: frame.type === 'topology' ? { ...frame, topology: topology(frame.topology) } : frame };
      }
      const copy = frame.slice();
      const room = copy.length - BATCH_HEADER_BYTES;
      for (const [at, value] of changes) if (room > 0) copy[BATCH_HEADER_BYTES + (at % room)] = value;
      return { t, frame: copy };
    }),
  };
}

test.each(FORMATS.filter(({ ending }) => !SLOW.includes(ending)).map((format) => [format.ending, format] as const))(
  '%s',
  { timeout: 60_000 + 200 * RUNS },
  async (_, format) => {
    const incident = await readIncident('drop-no-route');
    const changes = fc.array(fc.tuple(fc.nat(2 ** 16), fc.nat(255)), { minLength: 1, maxLength: 40 });
    const names = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, names, fc.boolean(), async (bytes, texts, isRedacted) => {
        const plain = sourceOf(mutated(incident, bytes, texts));
        const source = isRedacted ? await redactedSource(plain, KEY, 'numbered') : plain;
        expect((await exported(format, source)).length).toBeGreaterThan(0);
      }),
      { numRuns: RUNS },
    );
  },
);
