// The recordings that come with Hopscope: each opens, is whole, and tells what its README line says.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createAssembler, type Exchange, imbalanceOf } from '@hopscope/model';
import {
  type Ledger,
  openRecording,
  type Recording,
  readBatch,
  type TimeNs,
  whyIncompatible,
} from '@hopscope/protocol';
import { describe, expect, test } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../recordings');

function open(name: string): Promise<Recording> {
  const bytes = readFileSync(join(FOLDER, `${name}.hops`));
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  return openRecording(source, (packed) => gunzipSync(packed));
}

interface Played {
  readonly exchanges: readonly Exchange[];
  readonly ledger: Ledger | null;
  readonly hops: number;
}

async function play(recording: Recording): Promise<Played> {
  const { hello } = recording.header;
  const assembler = createAssembler({ dropReasons: hello.dropReasons });
  let ledger: Ledger | null = null;
  let hops = 0;
  for (const [i, block] of recording.blocks.entries()) {
    const entries = await recording.read(block);
    for (const { t, frame } of i === 0 ? entries : entries.slice(block.keyframes)) {
      assembler.advance(t as TimeNs);
      if (frame instanceof Uint8Array) {
        const batch = readBatch(frame, BigInt(hello.clock.monotonicNs));
        hops += batch.count;
        for (let n = 0; n < batch.count; n++) assembler.add(batch.hop(n));
      } else if (frame.type === 'locations') assembler.addLocations(frame.names);
      else if (frame.type === 'ledger') ledger = frame;
    }
  }
  const exchanges = assembler.ids().map((id) => assembler.exchange(id));
  return { exchanges: exchanges.filter((one) => one !== undefined), ledger, hops };
}

const EXPECTED: Readonly<
  Record<string, { readonly count: number; readonly verdicts: readonly string[]; readonly reason?: string }>
> = {
  localhost: { count: 8, verdicts: ['replied'] },
  docker: { count: 8, verdicts: ['replied'] },
  containers: { count: 9, verdicts: ['replied'] },
  nat: { count: 6, verdicts: ['replied'] },
  vxlan: { count: 6, verdicts: ['replied'] },
  'drop-forward-drop': { count: 3, verdicts: ['dropped'], reason: 'NETFILTER_DROP' },
  'drop-no-route': { count: 3, verdicts: ['error', 'dropped'], reason: 'IP_INNOROUTES' },
  'drop-rp-filter': { count: 3, verdicts: ['dropped'], reason: 'IP_RPFILTER' },
  'drop-udp-no-listener': { count: 3, verdicts: ['error'], reason: 'NO_SOCKET' },
  mixed: { count: 12, verdicts: ['replied', 'dropped'] },
  flood: { count: 400, verdicts: ['replied'] },
};

describe('recordings/', () => {
  test('holds these and no others, in less than 1 MB', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.hops'));
    expect(names.sort()).toEqual(
      Object.keys(EXPECTED)
        .map((name) => `${name}.hops`)
        .sort(),
    );
    const bytes = names.reduce((sum, name) => sum + readFileSync(join(FOLDER, name)).length, 0);
    expect(bytes).toBeLessThan(1_000_000);
    const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    for (const name of names) expect(readme).toContain(`\`${name}\``);
  });

  test.each(Object.entries(EXPECTED))('%s', async (name, { count, verdicts, reason }) => {
    const recording = await open(name);
    expect(recording.damage).toBeNull();
    expect(whyIncompatible(recording.header.hello)).toBeNull();
    const { exchanges, ledger, hops } = await play(recording);
    expect(ledger).toMatchObject({ final: true, delivered: hops });
    expect(ledger === null ? null : imbalanceOf(ledger)).toBe(0);
    expect(new Set(exchanges.map(({ verdict }) => verdict))).toEqual(new Set(verdicts));
    expect(exchanges).toHaveLength(count);
    expect(exchanges.some(({ incomplete }) => incomplete)).toBe(false);
    if (reason !== undefined) expect(new Set(exchanges.map(({ drop }) => drop?.reason))).toEqual(new Set([reason]));
  });
});
