// The record is one and the same for the kernel programs (clang -target bpf), the addon (C++), C and TypeScript: each
// compiler is asked where it puts every field.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FLAG, NO_OFFSET, RECORD_BYTES, RECORD_FIELDS, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const include = join(import.meta.dirname, '../../bpf/include');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopscope-layout-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kinds: Readonly<Record<number, string>> = { 1: 'u8', 2: 'u16', 4: 'u32', 8: 'u64' };

/** What a compiled table says, in the shape of RECORD_FIELDS and its neighbours. */
function readTable(numbers: readonly number[]) {
  const [bytes, ...rest] = numbers;
  const fields = RECORD_FIELDS.map(({ name }, i) => {
    const [offset = 0, size = 0, element = 0] = rest.slice(3 * i, 3 * i + 3);
    return { name, kind: kinds[element], count: size / element, offset };
  });
  const after = rest.slice(3 * RECORD_FIELDS.length);
  const stages = Object.fromEntries(Object.keys(STAGE).map((name, i) => [name, after[i]]));
  const flags = Object.fromEntries(Object.keys(FLAG).map((name, i) => [name, after[Object.keys(STAGE).length + i]]));
  return { bytes, fields, stages, flags, noOffset: after.at(-1) };
}

const expected = { bytes: RECORD_BYTES, fields: RECORD_FIELDS, stages: STAGE, flags: FLAG, noOffset: NO_OFFSET };

const cells = [
  'sizeof(struct hop_record)',
  ...RECORD_FIELDS.flatMap(({ name, count }) => {
    const member = `((struct hop_record *)0)->${name}`;
    return [
      `__builtin_offsetof(struct hop_record, ${name})`,
      `sizeof(${member})`,
      count === 1 ? `sizeof(${member})` : `sizeof(${member}[0])`,
    ];
  }),
  ...Object.keys(STAGE).map((name) => `HOP_STAGE_${name}`),
  ...Object.keys(FLAG).map((name) => `HOP_FLAG_${name}`),
  'HOP_NO_OFFSET',
];

describe('the record', () => {
  test.each([
    ['C', 'gcc', 'table.c'],
    ['C++', 'g++', 'table.cc'],
  ])('is the same in %s and TypeScript', (_, compiler, file) => {
    const source = join(folder, file);
    const program = join(folder, `${file}.out`);
    const prints = cells.map((cell) => `printf("%lu\\n", (unsigned long)(${cell}));`).join('\n');
    writeFileSync(source, `#include <stdio.h>\n#include "hop_record.h"\nint main(void) {\n${prints}\nreturn 0;\n}\n`);
    execFileSync(compiler, ['-Wall', '-Werror', `-I${include}`, source, '-o', program]);
    const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
    expect(readTable(lines.map(Number))).toEqual(expected);
  });

  test('is the same in the kernel programs and TypeScript', () => {
    const source = join(folder, 'table.bpf.c');
    const object = join(folder, 'table.bpf.o');
    const table = join(folder, 'table.bin');
    const values = cells.map((cell) => `(unsigned int)(${cell})`).join(',\n');
    writeFileSync(
      source,
      `#include <linux/types.h>\n#include "hop_record.h"\n__attribute__((section("layout"), used)) const unsigned int table[] = {\n${values}\n};\n`,
    );
    const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
    execFileSync('clang', [
      '-target',
      'bpf',
      '-O2',
      `-I${include}`,
      `-I/usr/include/${machine}-linux-gnu`,
      '-c',
      source,
      '-o',
      object,
    ]);
    execFileSync('llvm-objcopy', [`--dump-section=layout=${table}`, object]);
    const bytes = readFileSync(table);
    const numbers = Array.from({ length: bytes.byteLength / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
    expect(readTable(numbers)).toEqual(expected);
  });
});
