// The oracle of drops: `perf record` on skb:kfree_skb beside the packets' own tracepoints.
//
// kfree_skb prints neither addresses nor lengths, so a packet is followed by its skb's address from the last device it was seen
// on, told by its length, to the end of that skb. Where the kernel has put the packet into another skb, or it never got to a
// device, it is the free that happened at once and in the time of the process that sent it.
import { fieldOf, type PerfLine, packetEvents, parsePacket, startPerf, type TimedPerfEvent } from './perf-record.ts';

const TRACEPOINTS = ['net_dev_queue', 'netif_rx', 'netif_receive_skb'];

/** What the sender's own system call does to a packet after it was last seen, it does within this time. */
const AT_ONCE_NS = 1_000_000;

/** A packet whose fate is asked for. */
export interface SentPacket {
  readonly family: 4 | 6;
  /** skb->len that it has on its way and that no other packet has. */
  readonly lengths: readonly number[];
  /** Of the process that sent it; 0 when that is not known. */
  readonly pid: number;
  /** CLOCK_MONOTONIC, in ns, before it was sent and after it was dealt with. */
  readonly from: number;
  readonly to: number;
}

export interface PerfDrop {
  /** As the kernel names it, without SKB_DROP_REASON_. */
  readonly reason: string;
  /** symbol+0xoffset */
  readonly location: string;
  /** The device it was last seen on; empty when it was on none. */
  readonly lastDevice: string;
}

export interface PerfDrops {
  stop(): Promise<{
    /** The free of this packet that perf saw, or null when there was none. */
    fateOf(packet: SentPacket): PerfDrop | null;
    /** How many packets of these lengths kfree_skb freed, whatever became of their clones. */
    freed(lengths: readonly number[]): number;
    /** Whether kfree_skb ended anything at all for this reason in this place. */
    sawFree(reason: string, location: string): boolean;
  }>;
}

/** Starts perf for packets of these lengths and every kfree_skb of the machine, and resolves when it is seeing them. */
export async function startPerfDrops(lengths: readonly number[]): Promise<PerfDrops> {
  const ends = ['-e', 'skb:kfree_skb', '-e', 'skb:consume_skb'];
  const perf = await startPerf([...ends, ...packetEvents(TRACEPOINTS, lengths)]);
  return {
    async stop() {
      const lines = await perf.stop();
      const packets = lines.flatMap((line) => parsePacket(line) ?? []);
      const ends = lines.filter(({ event }) => event.startsWith('skb:'));
      return {
        fateOf: (packet) => fateOf(packet, packets, ends),
        freed: (wanted) => countFreed(wanted, lines),
        sawFree: (reason, location) =>
          ends.some((end) => isFree(end) && reasonOf(end) === reason && fieldOf(end.fields, 'location') === location),
      };
    },
  };
}

function fateOf(
  { family, lengths, pid, from, to }: SentPacket,
  packets: readonly TimedPerfEvent[],
  ends: readonly PerfLine[],
): PerfDrop | null {
  const seen = packets.filter(({ t, len }) => t >= from && t <= to && lengths.includes(len));
  const skb = seen[0]?.skb;
  // A reply of the same length has an skb of its own.
  const last = seen.filter((each) => each.skb === skb).at(-1);
  const after = ends.filter(({ t }) => t >= (last?.t ?? from) && t <= to);
  const end = after.find(({ fields }) => fieldOf(fields, 'skbaddr') === skb);
  const protocol = family === 4 ? '2048' : '34525';
  const sendersOwn = after.find(
    (each) =>
      isFree(each) &&
      each.pid === pid &&
      fieldOf(each.fields, 'protocol') === protocol &&
      (last === undefined || each.t <= last.t + AT_ONCE_NS),
  );
  const free = end !== undefined && isFree(end) ? end : sendersOwn;
  if (free === undefined) return null;
  return {
    reason: reasonOf(free),
    location: fieldOf(free.fields, 'location'),
    lastDevice: last?.ifname ?? '',
  };
}

const isFree = ({ event }: PerfLine) => event === 'skb:kfree_skb';

const reasonOf = ({ fields }: PerfLine) => /\breason: (\w+)/.exec(fields)?.[1] ?? '';

function countFreed(lengths: readonly number[], lines: readonly PerfLine[]): number {
  const wanted = new Set<string>();
  let freed = 0;
  for (const line of lines) {
    const packet = parsePacket(line);
    if (packet !== null && lengths.includes(packet.len)) wanted.add(packet.skb);
    else if (packet === null && wanted.delete(fieldOf(line.fields, 'skbaddr')) && isFree(line)) freed++;
  }
  return freed;
}
