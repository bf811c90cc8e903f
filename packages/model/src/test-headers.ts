// Header bytes for tests, written by hand from the RFCs and independent of the parser.

export interface HeaderSpec {
  family?: 4 | 6;
  src: string;
  dst: string;
  ttl?: number;
  ipId?: number;
  fragment?: { offsetBytes: number; more: boolean };
  /** IPv4 options: a multiple of 4 bytes. */
  options?: number;
  /** IPv6 extension headers before ICMPv6, by next-header value; 44 is written from `fragment` and `ipId`. */
  extensions?: readonly number[];
  type: number;
  code?: number;
  id?: number;
  seq?: number;
  /** What an ICMP error quotes. */
  quoted?: HeaderSpec;
}

const text = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) & 255);

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array(8 - left.length - right.length).fill(0);
  return [...left, ...middle, ...right].flatMap((group) => text(group, 2));
}

/** Offset of ICMP inside the IP packet, and the bytes from the IP header on. */
function ipBytes(spec: HeaderSpec): { bytes: number[]; l4: number } {
  const family = spec.family ?? (spec.src.includes(':') ? 6 : 4);
  const { offsetBytes = 0, more = false } = spec.fragment ?? {};
  const icmp =
    offsetBytes > 0
      ? []
      : [
          spec.type,
          spec.code ?? 0,
          ...[0, 0],
          ...(spec.quoted ? [0, 0, 0, 0] : [...text(spec.id ?? 0, 2), ...text(spec.seq ?? 0, 2)]),
          ...(spec.quoted ? ipBytes(spec.quoted).bytes : []),
        ];
  if (family === 4) {
    const options = new Array(spec.options ?? 0).fill(1);
    const ihl = 5 + options.length / 4;
    const fragment = (more ? 0x2000 : 0) | (offsetBytes / 8);
    const header = [
      ...[0x40 | ihl, 0, 0, 84],
      ...[...text(spec.ipId ?? 0, 2), ...text(fragment, 2)],
      ...[spec.ttl ?? 64, 1, 0, 0],
      ...[...ipv4Bytes(spec.src), ...ipv4Bytes(spec.dst)],
      ...options,
    ];
    return { bytes: [...header, ...icmp], l4: header.length };
  }
  const kinds = [...(spec.extensions ?? []), ...(spec.fragment && !spec.extensions?.includes(44) ? [44] : [])];
  const extensions = kinds.flatMap((kind, i) => {
    const next = kinds[i + 1] ?? 58;
    if (kind === 44) return [next, 0, ...text(offsetBytes | (more ? 1 : 0), 2), ...text(spec.ipId ?? 0, 4)];
    if (kind === 51) return [next, 1, ...new Array(10).fill(0)]; // 12 bytes: (1 + 2) × 4
    return [next, 1, ...new Array(14).fill(0)]; // 16 bytes: (1 + 1) × 8
  });
  const header = [
    ...[0x60, 0, 0, 0, 0, 64, kinds[0] ?? 58, spec.ttl ?? 64],
    ...[...ipv6Bytes(spec.src), ...ipv6Bytes(spec.dst)],
    ...extensions,
  ];
  return { bytes: [...header, ...icmp], l4: header.length };
}

export interface FrameSpec extends HeaderSpec {
  /** Absent: no MAC header (L3-only device). */
  mac?: { src: string; dst: string };
  /** VLAN ids in the bytes, outermost first. */
  tags?: readonly number[];
}

/** MAC header to the end of ICMP. */
export function frameBytes(spec: FrameSpec): { headers: Uint8Array; l3Offset: number; l4Offset: number | null } {
  const ip = ipBytes(spec);
  const isV6 = (ip.bytes[0] ?? 0) >> 4 === 6;
  const macBytes = (mac: string): number[] => mac.split(':').map((byte) => parseInt(byte, 16));
  const tags = (spec.tags ?? []).flatMap((tag, i) => [
    ...(i === 0 ? [0x88, 0xa8] : [0x81, 0]),
    ...text(0xe000 | tag, 2),
  ]);
  const link = spec.mac
    ? [...macBytes(spec.mac.dst), ...macBytes(spec.mac.src), ...tags, ...text(isV6 ? 0x86dd : 0x0800, 2)]
    : [];
  const later = (spec.fragment?.offsetBytes ?? 0) > 0;
  return {
    headers: Uint8Array.from([...link, ...ip.bytes].slice(0, 128)),
    l3Offset: link.length,
    l4Offset: later ? null : link.length + ip.l4,
  };
}
