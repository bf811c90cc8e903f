// Every line of JSON is as docs/json.schema.json says, and the schema says everything that is in a line.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { formatNamed } from '../../apps/agent/src/export/formats.ts';
import { hostileIncident } from './support/hostile-incident.ts';
import { exported, type Incident, RECORDINGS, readIncident, sourceOf } from './support/incident.ts';

const schema: AnySchemaObject = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../docs/json.schema.json'), 'utf8'),
);
const TYPES = ['hop', 'journey', 'exchange', 'path', 'ledger'];

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, discriminator: false });
const isLine = ajv.compile(schema);
// For readers new fields are no error; here they are one that nobody has described.
const isDescribed = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(closed(schema) as AnySchemaObject);

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  return typeof copy.properties === 'object' && !('additionalProperties' in copy) && !('const' in copy)
    ? { ...copy, additionalProperties: false }
    : copy;
}

async function linesOf(incident: Incident): Promise<Record<string, unknown>[]> {
  const text = (await exported(formatNamed('jsonl'), sourceOf(incident))).toString();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const RECORDED = readdirSync(RECORDINGS)
  .filter((name) => name.endsWith('.hops') && name !== 'flood.hops')
  .map((name) => name.replace('.hops', ''));

describe('the schema of JSON lines', () => {
  test.each([
    ...RECORDED.map((name) => [name, () => readIncident(name)] as const),
    ['hostile names', hostileIncident] as const,
  ])('describes every line of %s', async (_, read) => {
    const lines = await linesOf(await read());
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(TYPES));
    for (const line of lines) {
      if (!isDescribed(line)) expect([line, isDescribed.errors]).toEqual([]);
      expect(isLine(line)).toBe(true);
    }
  });

  test('refuses a line that lacks a field, has one of another type, or is of another kind', async () => {
    const lines = await linesOf(await readIncident('drop-no-route'));
    for (const type of TYPES) {
      const line = lines.find((each) => each.type === type) ?? {};
      expect(isLine({ ...line, new: 1 })).toBe(true);
      for (const field of ['schema', 'type', ...(type === 'ledger' ? ['seen', 'lost'] : ['t', 'kind', 'family'])]) {
        expect([
          type,
          field,
          isLine(Object.fromEntries(Object.entries(line).filter(([name]) => name !== field))),
        ]).toEqual([type, field, false]);
        expect([type, field, isLine({ ...line, [field]: [] })]).toEqual([type, field, false]);
      }
    }
  });
});
