import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BATCH_HEADER_BYTES, BatchError, readBatch, writeBatchHeader } from './hop-batch.ts';
import { FLAG, HEADERS_BYTES, NO_OFFSET, RECORD_BYTES, RECORD_FIELDS } from './record-layout.ts';

type Values = Readonly<Record<string, bigint | Uint8Array>>;

/** Writes a record field by field from the table: not the way the reader reads it. */
function writeRecord(values: Values, recordBytes: number): Uint8Array {
  const bytes = new Uint8Array(recordBytes);
  for (const { name, kind, count, offset } of RECORD_FIELDS) {
    const value = values[name] ?? 0n;
    if (typeof value !== 'bigint') bytes.set(value.subarray(0, count), offset);
    else
      for (let i = 0; i < Number(kind.slice(1)) / 8; i++) bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
  return bytes;
}

function writeBatch(records: readonly Values[], firstHop: number, recordBytes = RECORD_BYTES): Uint8Array {
  const batch = new Uint8Array(BATCH_HEADER_BYTES + records.length * recordBytes);
  writeBatchHeader(batch, records.length, firstHop);
  new DataView(batch.buffer).setUint16(6, recordBytes, true);
  for (const [i, values] of records.entries()) {
    batch.set(writeRecord(values, recordBytes), BATCH_HEADER_BYTES + i * recordBytes);
  }
  return batch;
}

const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const anyRecord: fc.Arbitrary<Values> = fc.record({
  ...Object.fromEntries(
    RECORD_FIELDS.map(({ name, kind, count }) => [
      name,
      count === 1 ? uint(Number(kind.slice(1))) : fc.uint8Array({ minLength: count, maxLength: count }),
    ]),
  ),
  time_ns: uint(52),
  packet_id: uint(53),
  skb_id: uint(53),
  drop_location: uint(32),
  header_len: uint(8),
  ifname: fc.constantFrom('', 'lo', 'eth0', 'veth0123456789a', 'sechzehn-zeichen').map((name) => {
    const bytes = new Uint8Array(16);
    new TextEncoder().encodeInto(name, bytes);
    return bytes;
  }),
});

const number = (values: Values, name: string) => Number(values[name] as bigint);

/** Like Node's Buffer: bytes somewhere in a larger buffer, and a slice() that copies nothing. */
class BufferLike extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }
}

describe('a batch', () => {
  test('is read alike wherever its bytes lie, and outlives them', () => {
    const batch = writeBatch([{ ifindex: 7n }, { ifindex: 8n }], 0);
    const around = new BufferLike(batch.length + 100);
    around.set(batch, 50);
    const read = readBatch(around.subarray(50, 50 + batch.length), 0n);
    const hops = [read.hop(0), read.hop(1)];
    around.fill(0xee);
    expect(hops.map(({ ifindex }) => ifindex)).toEqual([7, 8]);
  });

  test('gives back every field of every record', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 5 }),
        fc.nat({ max: 2 ** 40 }),
        fc.boolean(),
        (records, firstHop, longer) => {
          const batch = readBatch(writeBatch(records, firstHop, longer ? RECORD_BYTES + 16 : RECORD_BYTES), 1000n);
          expect([batch.count, batch.firstHop]).toEqual([records.length, firstHop]);
          for (const [i, values] of records.entries()) {
            const hop = batch.hop(i);
            expect(hop.index).toBe(firstHop + i);
            expect(hop.t).toBe(number(values, 'time_ns') - 1000);
            expect(hop.packet).toBe(number(values, 'packet_id'));
            expect(hop.skb).toBe(number(values, 'skb_id'));
            expect(hop.netnsInum).toBe(number(values, 'netns_inum'));
            expect(hop.ifindex).toBe(number(values, 'ifindex'));
            expect(hop.len).toBe(number(values, 'len'));
            expect(hop.stage).toBe(number(values, 'stage'));
            expect(hop.flags).toBe(number(values, 'flags'));
            expect(hop.dataref).toBe(number(values, 'dataref'));
            expect(hop.dropReason).toBe(number(values, 'drop_reason'));
            expect(hop.location).toBe(number(values, 'drop_location'));
            expect(hop.skbIif).toBe(number(values, 'skb_iif'));
            expect(hop.protocol).toBe(number(values, 'protocol'));
            expect(hop.linkType).toBe(number(values, 'link_type'));
            expect(hop.cpu).toBe(number(values, 'cpu'));
            expect(hop.l3Offset).toBe(number(values, 'l3_offset'));
            const l4 = number(values, 'l4_offset');
            expect(hop.l4Offset).toBe(l4 === NO_OFFSET ? null : l4);
            const tag = { tci: number(values, 'vlan_tci'), protocol: number(values, 'vlan_proto') };
            expect(hop.vlan).toEqual((hop.flags & FLAG.VLAN) === 0 ? null : tag);
            const headers = values.headers as Uint8Array;
            expect([...hop.headers]).toEqual([
              ...headers.subarray(0, Math.min(number(values, 'header_len'), HEADERS_BYTES)),
            ]);
          }
        },
      ),
    );
  });

  test('says where the next one begins, and what was missed', () => {
    const count = fc.nat({ max: 2 ** 50 });
    fc.assert(
      fc.property(count, fc.nat({ max: 2 ** 32 - 1 }), count, (firstHop, skipped, kernelMissed) => {
        const bytes = writeBatch([{}, {}], firstHop);
        expect(readBatch(bytes, 0n)).toMatchObject({ skipped: 0, kernelMissed: 0, endHop: firstHop + 2 });
        writeBatchHeader(bytes, 2, firstHop, { skipped, kernelMissed });
        const endHop = firstHop + 2 + skipped;
        expect(readBatch(bytes, 0n)).toMatchObject({
          count: 2,
          firstHop,
          skipped,
          kernelMissed,
          endHop,
          missedSince: null,
        });
        writeBatchHeader(bytes, 2, firstHop, { kernelMissed, missedSinceNs: 1_000n });
        expect(readBatch(bytes, 400n).missedSince).toBe(600);
      }),
    );
  });

  test('names a device by namespace and ifindex, with the cookie where there is one', () => {
    const at = (values: Values) => {
      const { netns, device, ifname } = readBatch(writeBatch([values], 0), 0n).hop(0);
      return { netns, device, ifname };
    };
    const ifname = Uint8Array.from([...'eth0'].map((letter) => letter.charCodeAt(0)));
    const inNetns = { netns_inum: 4026531840n, ifindex: 2n, ifname };
    expect(at({ ...inNetns, netns_cookie: 7n })).toEqual({ netns: 'c7', device: 'c7/2', ifname: 'eth0' });
    expect(at(inNetns)).toEqual({ netns: 'i4026531840', device: 'i4026531840/2', ifname: 'eth0' });
    expect(at({ netns_inum: 4026531840n })).toEqual({ netns: 'i4026531840', device: null, ifname: '' });
    expect(at({})).toEqual({ netns: null, device: null, ifname: '' });
  });

  test.each([
    ['<img src=x onerror', [...'<img src=x onerr'].map((letter) => letter.charCodeAt(0)), '<img src=x onerr'],
    ['UTF-8', [0xc3, 0xa9, 0x74, 0x68, 0x30], 'éth0'],
    ['no UTF-8', [0xff, 0x65, 0x74, 0x68], '\ufffdeth'],
    ['a byte-order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    ['all sixteen bytes', new Array(16).fill(0x61), 'a'.repeat(16)],
  ])('takes a name of odd bytes for text: %s', (_, name, expected) => {
    const ifname = new Uint8Array(16);
    ifname.set(name);
    expect(readBatch(writeBatch([{ netns_inum: 1n, ifindex: 1n, ifname }], 0), 0n).hop(0).ifname).toBe(expected);
  });

  test('remembers the names of devices without ever mixing them up', () => {
    const device = fc.record({ netns_cookie: uint(2), netns_inum: uint(1), ifindex: uint(11), ifname: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(device, { minLength: 1, maxLength: 40 }), (devices) => {
        const records = devices.map((one) => ({ ...one, ifname: new Uint8Array(16).fill(0x61 + one.ifname, 0, 3) }));
        const batch = readBatch(writeBatch(records, 0), 0n);
        for (const [i, { netns_cookie, netns_inum, ifindex, ifname }] of devices.entries()) {
          const netns = netns_inum === 0n ? null : netns_cookie === 0n ? `i${netns_inum}` : `c${netns_cookie}`;
          const hop = batch.hop(i);
          expect([hop.netns, hop.device, hop.ifname]).toEqual([
            netns,
            netns === null || ifindex === 0n ? null : `${netns}/${ifindex}`,
            netns_inum === 0n && ifindex === 0n ? '' : String.fromCharCode(0x61 + ifname).repeat(3),
          ]);
        }
      }),
    );
  });

  test('can be overwritten while its hops are kept', () => {
    const bytes = writeBatch([{ time_ns: 7n, packet_id: 8n, header_len: 2n, headers: new Uint8Array(128).fill(9) }], 0);
    const hop = readBatch(bytes, 0n).hop(0);
    bytes.fill(0xff);
    expect([hop.t, hop.packet, ...hop.headers]).toEqual([7, 8, 9, 9]);
  });

  test('that was cut, or is none, is refused as a whole', () => {
    const whole = writeBatch([{}, {}], 5);
    for (let end = 0; end < whole.byteLength; end++)
      expect(() => readBatch(whole.subarray(0, end), 0n)).toThrow(BatchError);
    const longer = new Uint8Array(whole.byteLength + 1);
    longer.set(whole);
    expect(() => readBatch(longer, 0n)).toThrow(/2 records should have 488 bytes, has 489/);
    const other = whole.slice();
    other[0] = 0;
    expect(() => readBatch(other, 0n)).toThrow('not a hop batch');
  });

  test('of any bytes throws a BatchError or reads inside its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), (noise, at) => {
        const bytes = writeBatch([{}, {}], 5);
        bytes.set(noise.subarray(0, 64), at % (bytes.byteLength - 64));
        try {
          const batch = readBatch(bytes, 0n);
          for (let i = 0; i < batch.count; i++)
            expect(batch.hop(i).headers.byteLength).toBeLessThanOrEqual(HEADERS_BYTES);
        } catch (error) {
          expect(error).toBeInstanceOf(BatchError);
        }
      }),
    );
  });

  test('knows no record outside of it', () => {
    const batch = readBatch(writeBatch([{}], 0), 0n);
    for (const i of [-1, 1, Number.NaN]) expect(() => batch.hop(i)).toThrow(RangeError);
  });
});
