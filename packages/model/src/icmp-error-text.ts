// ICMP and ICMPv6 error types in words (RFC 792, 1122, 1812, 4443).

const UNREACHABLE_4: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  5: 'source route failed',
  9: 'network administratively prohibited',
  10: 'host administratively prohibited',
  13: 'communication administratively prohibited',
};

const UNREACHABLE_6: Readonly<Record<number, string>> = {
  0: 'no route to destination',
  1: 'communication administratively prohibited',
  2: 'beyond scope of source address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'source address failed policy',
  6: 'reject route to destination',
};

const TYPES_4: Readonly<Record<number, string>> = {
  4: 'source quench',
  5: 'redirect',
  11: 'time to live exceeded',
  12: 'parameter problem',
};
const TYPES_6: Readonly<Record<number, string>> = {
  2: 'packet too big',
  3: 'hop limit exceeded',
  4: 'parameter problem',
};

export function icmpErrorText(family: 4 | 6, type: number, code: number): string {
  const [unreachable, codes, types] = family === 4 ? [3, UNREACHABLE_4, TYPES_4] : [1, UNREACHABLE_6, TYPES_6];
  const text = type === unreachable ? (codes[code] ?? 'destination unreachable') : types[type];
  return text ?? `ICMP type ${type}, code ${code}`;
}
