// Makes packages/protocol/src/record-layout.ts from bpf/include/hop_record.h, the only definition of the record.
// `--check` writes nothing and fails when the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const headerFile = new URL('bpf/include/hop_record.h', root);
const layoutFile = new URL('packages/protocol/src/record-layout.ts', root);

const header = readFileSync(headerFile, 'utf8');
const constant = (name) => {
  const match = header.match(new RegExp(`#define ${name} (0x[0-9a-f]+|\\d+)`));
  if (!match) throw new Error(`hop_record.h does not define ${name}`);
  return Number(match[1]);
};
const macroBody = (name) => {
  const match = header.match(new RegExp(`#define ${name}\\(X\\)((?:[^\\n]*\\\\\\n)+[^\\n]*)`));
  if (!match) throw new Error(`hop_record.h does not define ${name}(X)`);
  return match[1];
};
const bytesOf = { hop_u8: 1, hop_u16: 2, hop_u32: 4, hop_u64: 8 };
const kindOf = { hop_u8: 'u8', hop_u16: 'u16', hop_u32: 'u32', hop_u64: 'u64' };

const fieldsOf = (macro) =>
  [...macroBody(macro).matchAll(/X\((\w+), (\w+), (\w+), (\d+)\)/g)].map(([, type, name, count, offset]) => ({
    name,
    kind: kindOf[type],
    count: /^\d+$/.test(count) ? Number(count) : constant(count),
    offset: Number(offset),
    elementBytes: bytesOf[type],
  }));
const fields = fieldsOf('HOP_RECORD_FIELDS');
const fibFields = fieldsOf('HOP_FIB_FIELDS');
const stages = [...macroBody('HOP_STAGES').matchAll(/X\((\w+), (\d+)\)/g)].map(([, name, value]) => [
  name,
  Number(value),
]);
const flags = [...header.matchAll(/#define HOP_FLAG_(\w+) (0x[0-9a-f]+)/g)];

function checkFields(list, bytes) {
  let end = 0;
  for (const field of list) {
    if (field.offset !== end) throw new Error(`hop_record.h: ${field.name} should be at ${end}`);
    end += field.elementBytes * field.count;
  }
  if (end !== bytes) throw new Error(`hop_record.h: fields take ${end} bytes instead of ${bytes}`);
}
const recordBytes = constant('HOP_RECORD_BYTES');
checkFields(fields, recordBytes);
checkFields(fibFields, constant('HOP_FIB_LOOKUP_BYTES'));

const text = `// Made from bpf/include/hop_record.h by scripts/generate-record-layout.mjs. Do not edit.

export const RECORD_BYTES = ${recordBytes};

/** An offset inside \`headers\` that does not exist. */
export const NO_OFFSET = 0x${constant('HOP_NO_OFFSET').toString(16)};

export interface RecordField {
  readonly name: string;
  readonly kind: 'u8' | 'u16' | 'u32' | 'u64';
  /** 1 for a scalar. */
  readonly count: number;
  readonly offset: number;
}

export const RECORD_FIELDS: readonly RecordField[] = [
${fields.map((f) => `  { name: '${f.name}', kind: '${f.kind}', count: ${f.count}, offset: ${f.offset} },`).join('\n')}
];

/** Byte offset of every field. */
export const OFFSET = {
${fields.map((f) => `  ${f.name}: ${f.offset},`).join('\n')}
} as const;

/** The same for what \`headers\` holds in a fib_table_lookup record. */
export const FIB_OFFSET = {
${fibFields.map((f) => `  ${f.name}: ${f.offset},`).join('\n')}
} as const;

export const FIB_LOOKUP_BYTES = ${constant('HOP_FIB_LOOKUP_BYTES')};

export const HEADERS_BYTES = ${constant('HOP_HEADER_BYTES')};
export const IFNAME_BYTES = ${constant('HOP_IFNAME_BYTES')};

/** enum hop_stage: the kernel's tracepoint names. */
export const STAGE = {
${stages.map(([name, value]) => `  ${name}: ${value},`).join('\n')}
} as const;

export type StageName = keyof typeof STAGE;

export const FLAG = {
${flags.map(([, name, value]) => `  ${name}: ${value},`).join('\n')}
} as const;
`;

if (process.argv.includes('--check')) {
  if (readFileSync(layoutFile, 'utf8') !== text) {
    console.error('packages/protocol/src/record-layout.ts is stale: run node scripts/generate-record-layout.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(layoutFile, text);
}
