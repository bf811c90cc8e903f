// Stand-ins for IP and MAC addresses: the same for the same address and key, and two addresses of one range share as many leading bits as their
// originals did (the scheme of Crypto-PAn, with a hash for its cipher). So subnets stay subnets, and nobody learns which.
//
// What says no more than its kind stays as it is: loopback, broadcast, multicast, the private and link-local ranges' prefixes.
import { sha256 } from '@noble/hashes/sha2.js';

export interface AddressStandIns {
  /** @param bytes 4 or 16 of an address; another length gives zeros */
  ip(bytes: Uint8Array): Uint8Array;
  /** @param bytes 6 */
  mac(bytes: Uint8Array): Uint8Array;
}

/** Addresses remembered; each costs up to 128 hashes to make. */
const REMEMBERED = 10_000;

/** @param key secret; at least 16 random bytes */
export function createAddressStandIns(key: Uint8Array): AddressStandIns {
  const known = new Map<string, Uint8Array>();

  function remembered(bytes: Uint8Array, make: () => Uint8Array): Uint8Array {
    const text = bytes.join('.');
    let standIn = known.get(text);
    if (standIn === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      standIn = make();
      known.set(text, standIn);
    }
    return standIn;
  }

  function hash(kind: number, bits: number, bytes: Uint8Array): Uint8Array {
    return sha256(Uint8Array.of(...key, kind, bits, ...bytes));
  }

  /** Flips each bit from `kept` on by what the bits before it hash to. */
  function permute(bytes: Uint8Array, kept: number): Uint8Array {
    const result = bytes.slice();
    const prefix = new Uint8Array(bytes.length);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3;
      const mask = 0x80 >> (bit & 7);
      if (bit >= kept && ((hash(bytes.length, bit, prefix)[0] ?? 0) & 1) === 1) result[at] = (result[at] ?? 0) ^ mask;
      prefix[at] = (prefix[at] ?? 0) | ((bytes[at] ?? 0) & mask);
    }
    return result;
  }

  function ip4(bytes: Uint8Array): Uint8Array {
    return permute(bytes, keptBits4(bytes));
  }

  return {
    ip(bytes) {
      if (bytes.length === 4) return remembered(bytes, () => ip4(bytes));
      if (bytes.length !== 16) return new Uint8Array(bytes.length);
      return remembered(bytes, () => {
        if (!isMapped4(bytes)) return permute(bytes, keptBits6(bytes));
        return Uint8Array.of(...bytes.subarray(0, 12), ...ip4(bytes.subarray(12)));
      });
    },
    mac(bytes) {
      return remembered(bytes, () => macStandIn(bytes, hash(6, 48, bytes)));
    },
  };
}

/** Leading bits that stay. */
function keptBits4([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  if (a === 127 || a >= 224 || (a | b | c | d) === 0) return 32;
  if (a === 10) return 8;
  if (a === 172 && b >= 16 && b <= 31) return 12;
  if (a === 100 && b >= 64 && b <= 127) return 10;
  if ((a === 192 && b === 168) || (a === 169 && b === 254)) return 16;
  return 4; // away from multicast
}

function keptBits6(bytes: Uint8Array): number {
  const [a = 0, b = 0] = bytes;
  const isLow = bytes.subarray(0, 15).every((byte) => byte === 0);
  if (isLow && (bytes[15] ?? 0) <= 1) return 128; // :: and ::1
  // A solicited-node group, ff02::1:ff00:0/104, ends in a unicast address's last 24 bits.
  if (a === 0xff) return bytes[11] === 1 && bytes[12] === 0xff ? 104 : 128;
  if (a === 0xfe && b >> 6 === 2) return 64;
  return a >> 1 === 0x7e ? 8 : 4;
}

function isMapped4(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

function macStandIn(bytes: Uint8Array, hashed: Uint8Array): Uint8Array {
  const isZero = bytes.every((byte) => byte === 0);
  const [a = 0, b = 0, c = 0] = bytes;
  // The group address of an IPv6 solicited node ends in a unicast address's last 24 bits.
  if (a === 0x33 && b === 0x33 && c === 0xff) return Uint8Array.of(a, b, c, ...hashed.subarray(0, 3));
  if (isZero || (a & 1) === 1) return bytes.slice();
  return Uint8Array.of(0x02, ...hashed.subarray(0, 5)); // locally administered, unicast
}
