import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createAddressStandIns } from './address-stand-ins.ts';

const key = new Uint8Array(16).fill(7);
const standIns = createAddressStandIns(key);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Leading bits that both share. */
function commonBits(a: Uint8Array, b: Uint8Array): number {
  const bits = (all: Uint8Array) => [...all].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const [left, right] = [bits(a), bits(b)];
  let i = 0;
  while (i < left.length && left[i] === right[i]) i++;
  return i;
}

describe('the stand-in of an address', () => {
  test.each([4, 16])('keeps the common prefix of any two of %i bytes', (length) => {
    // Ranges that stay as they are have no prefix in common with what is moved.
    const isMoved = ([a = 0, b = 0, ...rest]: Uint8Array) =>
      length === 4
        ? ![0, 10, 100, 127, 169, 172, 192].includes(a) && a < 224
        : (a | b) !== 0 && a !== 0xff && a !== 0xfe && a >> 1 !== 0x7e && rest.length > 0;
    const address = bytes(length).filter(isMoved);
    fc.assert(
      fc.property(address, address, fc.nat(length * 8), (a, b, shared) => {
        // Addresses that really share bits are rare among random ones.
        for (let bit = 0; bit < shared; bit++) {
          const mask = 0x80 >> (bit & 7);
          b[bit >> 3] = ((b[bit >> 3] ?? 0) & ~mask) | ((a[bit >> 3] ?? 0) & mask);
        }
        fc.pre(isMoved(b));
        expect(commonBits(standIns.ip(a), standIns.ip(b))).toBe(commonBits(a, b));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    [[127, 0, 0, 1], 32],
    [[0, 0, 0, 0], 32],
    [[255, 255, 255, 255], 32],
    [[224, 0, 0, 251], 32],
    [[10, 1, 2, 3], 8],
    [[172, 17, 0, 2], 12],
    [[192, 168, 1, 1], 16],
    [[169, 254, 1, 1], 16],
  ])('%j stays in its range', (address, kept) => {
    expect(commonBits(standIns.ip(Uint8Array.from(address)), Uint8Array.from(address))).toBeGreaterThanOrEqual(kept);
  });

  it('gives little away: few stand-ins are their originals', () => {
    let same = 0;
    for (let i = 0; i < 256; i++) if (standIns.ip(Uint8Array.of(172, 17, 5, i))[3] === i) same++;
    expect(same).toBeLessThan(20);
  });

  it('keeps the IPv4 address inside of an IPv6 one in step', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 172, 17, 0, 2);
    expect([...standIns.ip(mapped).subarray(12)]).toEqual([...standIns.ip(Uint8Array.of(172, 17, 0, 2))]);
  });

  it('depends on the key', () => {
    const other = createAddressStandIns(new Uint8Array(16).fill(8));
    const address = Uint8Array.of(203, 0, 113, 7);
    expect(other.ip(address)).not.toEqual(standIns.ip(address));
    expect(createAddressStandIns(key).ip(address)).toEqual(standIns.ip(address));
  });
});

describe('the stand-in of a MAC address', () => {
  it('is a local unicast one, another for each', () => {
    fc.assert(
      fc.property(bytes(6), bytes(6), (a, b) => {
        a[0] = (a[0] ?? 0) & 0xfe;
        b[0] = (b[0] ?? 0) & 0xfe;
        fc.pre(a.some((byte) => byte !== 0) && b.some((byte) => byte !== 0));
        const [x, y] = [standIns.mac(a), standIns.mac(b)];
        expect((x[0] ?? 0) & 3).toBe(2);
        expect(x.join() === y.join()).toBe(a.join() === b.join());
      }),
    );
  });
  it('keeps what names no machine', () => {
    for (const mac of [
      [0, 0, 0, 0, 0, 0],
      [255, 255, 255, 255, 255, 255],
      [1, 0, 0x5e, 0, 0, 251],
    ]) {
      expect([...standIns.mac(Uint8Array.from(mac))]).toEqual(mac);
    }
    const solicited = standIns.mac(Uint8Array.of(0x33, 0x33, 0xff, 1, 2, 3));
    expect([...solicited.subarray(0, 3)]).toEqual([0x33, 0x33, 0xff]);
    expect([...solicited.subarray(3)]).not.toEqual([1, 2, 3]);
  });
});
