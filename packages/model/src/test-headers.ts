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
  /** IPv6 extension headers before L4, by next-header value; 44 is written from `fragment` and `ipId`. */
  extensions?: readonly number[];
  /** ICMP or ICMPv6 when there is a type, else by what else there is. */
  type?: number;
  code?: number;
  id?: number;
  seq?: number;
  /** UDP, or TCP with `tcp`: source and destination. */
  ports?: readonly [number, number];
  tcp?: { seq: number; ack?: number; flags?: number };
  /** Of a packet too big. */
  mtu?: number;
  /** What an ICMP error quotes. */
  quoted?: HeaderSpec;
  /** A tunnel, and what it carries. */
  tunnel?: TunnelSpec;
}

export interface TunnelSpec {
  kind: 'vxlan' | 'geneve' | 'gre' | 'gretap' | 'ip';
  /** VNI or key. */
  id?: number;
  /** UDP destination port, when it is not the usual one. */
  port?: number;
  frame: FrameSpec;
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

const isV6 = (spec: HeaderSpec): boolean => (spec.family ?? (spec.src.includes(':') ? 6 : 4)) === 6;

function protocolOf(spec: HeaderSpec): number {
  if (spec.tunnel?.kind === 'ip') return isV6(spec.tunnel.frame) ? 41 : 4;
  if (spec.tunnel?.kind.startsWith('gre')) return 47;
  if (spec.tunnel) return 17;
  if (spec.tcp) return 6;
  if (spec.ports) return 17;
  return isV6(spec) ? 58 : 1;
}

function udpBytes([src, dst]: readonly [number, number]): number[] {
  return [...text(src, 2), ...text(dst, 2), ...text(8, 2), 0, 0];
}

function tunnelBytes({ kind, id, port, frame }: TunnelSpec): number[] {
  const inner = Array.from(frameBytes(frame, Number.POSITIVE_INFINITY).headers);
  const etherType = frame.mac ? 0x6558 : isV6(frame) ? 0x86dd : 0x0800;
  if (kind === 'ip') return inner;
  if (kind === 'vxlan') return [...udpBytes([40000, port ?? 4789]), 8, 0, 0, 0, ...text(id ?? 0, 3), 0, ...inner];
  // One option of 8 bytes: its class, type and length, and 4 bytes of data.
  const option = [1, 2, 3, 1, 0, 0, 0, 0];
  if (kind === 'geneve') {
    return [
      ...udpBytes([40000, port ?? 6081]),
      2,
      0,
      ...text(etherType, 2),
      ...text(id ?? 0, 3),
      0,
      ...option,
      ...inner,
    ];
  }
  const key = id === undefined ? [] : text(id, 4);
  return [id === undefined ? 0 : 0x20, 0, ...text(etherType, 2), ...key, ...inner];
}

function l4Bytes(spec: HeaderSpec): number[] {
  if (spec.tunnel) return tunnelBytes(spec.tunnel);
  if (spec.tcp) {
    const { seq, ack = 0, flags = 0x10 } = spec.tcp;
    const [src, dst] = spec.ports ?? [0, 0];
    return [...text(src, 2), ...text(dst, 2), ...text(seq, 4), ...text(ack, 4), 0x50, flags, 0, 0, 0, 0, 0, 0];
  }
  if (spec.ports) return udpBytes(spec.ports);
  // An error's quote is as long as RFC 792 asks for: the IP header and 8 bytes.
  const quoted = spec.quoted && ipBytes(spec.quoted);
  return [
    spec.type ?? 0,
    spec.code ?? 0,
    ...[0, 0],
    ...(quoted ? text(spec.mtu ?? 0, 4) : [...text(spec.id ?? 0, 2), ...text(spec.seq ?? 0, 2)]),
    ...(quoted ? quoted.bytes.slice(0, quoted.l4 + 8) : []),
  ];
}

/** Offset of L4 inside the IP packet, and the bytes from the IP header on. */
function ipBytes(spec: HeaderSpec): { bytes: number[]; l4: number } {
  const family = isV6(spec) ? 6 : 4;
  const { offsetBytes = 0, more = false } = spec.fragment ?? {};
  const l4 = offsetBytes > 0 ? [] : l4Bytes(spec);
  if (family === 4) {
    const options = new Array(spec.options ?? 0).fill(1);
    const ihl = 5 + options.length / 4;
    const fragment = (more ? 0x2000 : 0) | (offsetBytes / 8);
    const header = [
      ...[0x40 | ihl, 0, 0, 84],
      ...[...text(spec.ipId ?? 0, 2), ...text(fragment, 2)],
      ...[spec.ttl ?? 64, protocolOf(spec), 0, 0],
      ...[...ipv4Bytes(spec.src), ...ipv4Bytes(spec.dst)],
      ...options,
    ];
    return { bytes: [...header, ...l4], l4: header.length };
  }
  const kinds = [...(spec.extensions ?? []), ...(spec.fragment && !spec.extensions?.includes(44) ? [44] : [])];
  const extensions = kinds.flatMap((kind, i) => {
    const next = kinds[i + 1] ?? protocolOf(spec);
    if (kind === 44) return [next, 0, ...text(offsetBytes | (more ? 1 : 0), 2), ...text(spec.ipId ?? 0, 4)];
    if (kind === 51) return [next, 1, ...new Array(10).fill(0)]; // 12 bytes: (1 + 2) × 4
    return [next, 1, ...new Array(14).fill(0)]; // 16 bytes: (1 + 1) × 8
  });
  const header = [
    ...[0x60, 0, 0, 0, 0, 64, kinds[0] ?? protocolOf(spec), spec.ttl ?? 64],
    ...[...ipv6Bytes(spec.src), ...ipv6Bytes(spec.dst)],
    ...extensions,
  ];
  return { bytes: [...header, ...l4], l4: header.length };
}

export interface FrameSpec extends HeaderSpec {
  /** Absent: no MAC header (L3-only device). */
  mac?: { src: string; dst: string };
  /** VLAN ids in the bytes, outermost first. */
  tags?: readonly number[];
}

/** MAC header to the end of the L4 header, cut to `max` bytes. */
export function frameBytes(
  spec: FrameSpec,
  max = 128,
): { headers: Uint8Array; l3Offset: number; l4Offset: number | null } {
  const ip = ipBytes(spec);
  const macBytes = (mac: string): number[] => mac.split(':').map((byte) => parseInt(byte, 16));
  const tags = (spec.tags ?? []).flatMap((tag, i) => [
    ...(i === 0 ? [0x88, 0xa8] : [0x81, 0]),
    ...text(0xe000 | tag, 2),
  ]);
  const link = spec.mac
    ? [...macBytes(spec.mac.dst), ...macBytes(spec.mac.src), ...tags, ...text(isV6(spec) ? 0x86dd : 0x0800, 2)]
    : [];
  const later = (spec.fragment?.offsetBytes ?? 0) > 0;
  return {
    headers: Uint8Array.from([...link, ...ip.bytes].slice(0, max)),
    l3Offset: link.length,
    l4Offset: later ? null : link.length + ip.l4,
  };
}
