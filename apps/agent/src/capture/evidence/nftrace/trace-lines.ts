// The text of `nft -a monitor trace` → the rules that dropped packets.
//
//   trace id 4557 ip filter INPUT packet: iif "lo" … ip saddr 10.0.0.1 ip daddr 10.0.0.2 … ip id 17858 … icmp id 7 icmp sequence 1 …
//   trace id 4557 ip filter INPUT rule ip saddr 10.0.0.1 counter packets 0 bytes 0 drop # handle 2 (verdict drop)
//
// It prints the first bytes of some payloads, too; nothing of them is kept.

/** How a packet is told from others: addresses, and what it has of IP id, ICMP id and sequence, ports. */
export interface PacketMark {
  readonly src: string;
  readonly dst: string;
  /** Null: not known; 0 in IPv6. */
  readonly ipId: number | null;
  /** ICMP id and sequence, or source and destination port. */
  readonly pair: string;
}

export interface TracedDrop {
  readonly mark: PacketMark;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** As nft prints it; `policy drop` for a chain policy; null: younger than what the nft that watches knows. */
  readonly rule: string | null;
  readonly handle: number | null;
}

export interface TraceLines {
  /** @returns a drop that the line tells of, or null */
  read(line: string): TracedDrop | null;
}

/** Packets whose verdict is still to come. */
const PACKETS_MAX = 512;
const LINE = /^trace id ([0-9a-f]+) (\S+) (\S+) (\S+) (packet:|rule|unknown|policy|verdict) ?(.*)$/;

export function createTraceLines(): TraceLines {
  const marks = new Map<string, PacketMark>();
  return {
    read(line) {
      const [, id = '', family = '', table = '', chain = '', what, rest = ''] = LINE.exec(line) ?? [];
      if (what === 'packet:') {
        const mark = readMark(rest);
        if (mark === null) return null;
        marks.delete(id);
        marks.set(id, mark);
        const [oldest] = marks.keys();
        if (marks.size > PACKETS_MAX && oldest !== undefined) marks.delete(oldest);
        return null;
      }
      const mark = marks.get(id);
      if (mark === undefined) return null;
      if (what === 'policy' && rest.trim() === 'drop') {
        return { mark, family, table, chain, rule: 'policy drop', handle: null };
      }
      const [, known, handle = ''] = /^(?:(.*) # handle|rule handle) (\d+) \(verdict drop\)$/.exec(rest.trim()) ?? [];
      if ((what !== 'rule' && what !== 'unknown') || handle === '') return null;
      return { mark, family, table, chain, rule: known ?? null, handle: Number(handle) };
    },
  };
}

function readMark(text: string): PacketMark | null {
  const src = / ip6? saddr (\S+)/.exec(` ${text}`)?.[1];
  const dst = / ip6? daddr (\S+)/.exec(` ${text}`)?.[1];
  if (src === undefined || dst === undefined) return null;
  const number = (pattern: RegExp) => pattern.exec(text)?.[1];
  const ipId = number(/\bip id (\d+)/);
  // Of an ICMPv6 echo nft prints id and sequence as one number, under the name they have in another message.
  const both = number(/\bicmpv6 parameter-problem (\d+)/);
  const whole = both === undefined ? null : Number(both);
  const first = whole === null ? number(/\b(?:icmp(?:v6)? id|(?:udp|tcp) sport) (\d+)/) : Math.floor(whole / 0x1_0000);
  const second = whole === null ? number(/\b(?:icmp(?:v6)? sequence|(?:udp|tcp) dport) (\d+)/) : whole % 0x1_0000;
  return { src, dst, ipId: ipId === undefined ? null : Number(ipId), pair: `${first ?? ''} ${second ?? ''}` };
}
