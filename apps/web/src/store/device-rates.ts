// How many packets each device carries, from exact counts of its hops: one a packet and direction.
import type { Exchange } from '@hopscope/model';
import { type DeviceId, type Hop, type NetnsId, STAGE } from '@hopscope/protocol';

export interface DeviceCount {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly ifname: string;
  /** Packets since the capture began, as seen from the device's namespace. */
  readonly out: number;
  readonly in: number;
  readonly drops: number;
  /** In the last seconds. */
  readonly packetsPerSecond: number;
  readonly bitsPerSecond: number;
  /** When the last packet was seen, on the page's clock. */
  readonly lastMs: number;
}

export interface DeviceRates {
  note(hop: Hop): void;
  noteDrop(exchange: Exchange): void;
  /** Call a few times a second. */
  tick(nowMs: number): void;
  of(device: DeviceId): DeviceCount | undefined;
  all(): Iterable<DeviceCount>;
  clear(): void;
}

interface Counter {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly ifname: string;
  out: number;
  in: number;
  bytes: number;
  drops: number;
  lastMs: number;
  packetsPerSecond: number;
  bitsPerSecond: number;
  /** Totals at the last ticks, oldest first. */
  readonly past: { atMs: number; packets: number; bytes: number }[];
}

const WINDOW_MS = 2000;
/** Of packets whose drop was counted: an exchange is told again and again. */
const DROPS_REMEMBERED = 20_000;

export function createDeviceRates(): DeviceRates {
  const counters = new Map<DeviceId, Counter>();
  const counted = new Set<number>();
  let clockMs = 0;

  function counterOf(device: DeviceId, netns: NetnsId, ifname: string): Counter {
    let counter = counters.get(device);
    if (counter === undefined) {
      const none = { out: 0, in: 0, bytes: 0, drops: 0, lastMs: clockMs, packetsPerSecond: 0, bitsPerSecond: 0 };
      counter = { device, netns, ifname, ...none, past: [{ atMs: clockMs, packets: 0, bytes: 0 }] };
      counters.set(device, counter);
    }
    return counter;
  }

  return {
    note({ stage, device, netns, ifname, len }) {
      // Of a packet's stages at a device these two come once each: handed to the driver, and taken in by the stack.
      const isOut = stage === STAGE.net_dev_start_xmit;
      if ((!isOut && stage !== STAGE.netif_receive_skb) || device === null || netns === null) return;
      const counter = counterOf(device, netns, ifname);
      if (isOut) counter.out++;
      else counter.in++;
      counter.bytes += len;
      counter.lastMs = clockMs;
    },
    noteDrop({ id, drop }) {
      if (drop === null || drop.device === null || drop.netns === null || counted.has(id)) return;
      if (counted.size > DROPS_REMEMBERED) counted.clear();
      counted.add(id);
      counterOf(drop.device, drop.netns, drop.ifname).drops++;
    },
    tick(nowMs) {
      clockMs = nowMs;
      for (const counter of counters.values()) {
        const { past, bytes } = counter;
        const packets = counter.out + counter.in;
        past.push({ atMs: nowMs, packets, bytes });
        while (past.length > 2 && (past[1]?.atMs ?? 0) <= nowMs - WINDOW_MS) past.shift();
        const [oldest] = past;
        const seconds = Math.max(0.25, (nowMs - (oldest?.atMs ?? nowMs)) / 1000);
        counter.packetsPerSecond = (packets - (oldest?.packets ?? packets)) / seconds;
        counter.bitsPerSecond = ((bytes - (oldest?.bytes ?? bytes)) * 8) / seconds;
      }
    },
    of: (device) => counters.get(device),
    all: () => counters.values(),
    clear() {
      counters.clear();
      counted.clear();
    },
  };
}
