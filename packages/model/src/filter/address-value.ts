// Addresses as numbers, so that every spelling of one is the same and a prefix can be held against it.

export interface AddressValue {
  readonly family: 4 | 6;
  readonly bits: bigint;
  /** Leading bits that count: 32 or 128 without a prefix. */
  readonly prefix: number;
}

/** @returns null when the text is no address, `10.0.0.0/8` and `fe80::/10` included */
export function readAddress(text: string): AddressValue | null {
  const [address = '', prefixText, ...rest] = text.split('/');
  if (rest.length > 0) return null;
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 6 ? readIpv6(address) : readIpv4(address);
  if (bits === null) return null;
  const widest = family === 6 ? 128 : 32;
  const prefix = prefixText === undefined ? widest : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  return prefix >= 0 && prefix <= widest ? { family, bits, prefix } : null;
}

export function isInside(address: AddressValue, network: AddressValue): boolean {
  if (address.family !== network.family) return false;
  const hidden = BigInt((network.family === 6 ? 128 : 32) - network.prefix);
  return address.bits >> hidden === network.bits >> hidden;
}

function readIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function readIpv6(text: string): bigint | null {
  const [address = ''] = text.split('%');
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(readGroups);
  if (head === null || head === undefined || tail === null) return null;
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill(0n), ...tail];
  if (groups.length !== 8 || (tail !== undefined && head.length + tail.length > 7)) return null;
  return groups.reduce((bits: bigint, group: bigint) => (bits << 16n) | group, 0n);
}

/** `1:2:3`, the last of which may be an IPv4 address. More than eight give null. */
function readGroups(text: string): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.') && i === parts.length - 1) {
      const bits = readIpv4(part);
      if (bits === null) return null;
      groups.push(bits >> 16n, bits & 0xffffn);
    } else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups.length <= 8 ? groups : null;
}
