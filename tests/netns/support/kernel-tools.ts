// What the tests of the kernel side do all the time: record what a frame causes in the small network, and hold hops against the bytes sent.
import { join } from 'node:path';
import { parsePacket } from '@hopscope/model';
import { FLAG, type Hop, STAGE } from '@hopscope/protocol';
import { expect } from 'vitest';
import { IP, type KernelLab } from './kernel-lab.ts';
import { expectNoPayload } from './record-checks.ts';
import { type Recording, startRecorder } from './recorder.ts';
import { pingIn, runIn } from './run.ts';

const INJECT = join(import.meta.dirname, 'inject.py');

/** A frame and where its headers are. */
export interface Crafted {
  readonly bytes: Buffer;
  readonly l3: number;
  /** Null in a later fragment. */
  readonly l4: number | null;
  /** End of the headers. */
  readonly end: number;
}

/** Every packet that was seen has ended. Not so fragments: one that is joined to another is freed where nothing tells. */
export const settled = (hops: readonly Hop[]) => {
  const ended = new Set(hops.filter(({ flags }) => (flags & FLAG.LAST) !== 0).map(({ packet }) => packet));
  return hops.length > 0 && hops.every((hop) => ended.has(hop.packet) || hop.l4Offset === null);
};

/** Records what `send` causes. */
export async function record(
  kernel: KernelLab,
  send: () => Promise<unknown>,
  options: Parameters<typeof startRecorder>[0] = {},
  until = settled,
): Promise<Recording> {
  const recorder = startRecorder({ netns: kernel.netns, ...options });
  try {
    await send();
    await expect.poll(() => until(recorder.hops()), { timeout: 5000, interval: 10 }).toBe(true);
  } finally {
    recorder.capture.detach();
  }
  const recording = recorder.stop();
  expectNoPayload(recording);
  return recording;
}

/** Records what `send` causes, up to a ping that is sent after it, and leaves that ping out. */
export async function recordUntilMarker(
  kernel: KernelLab,
  send: () => Promise<unknown>,
  options: Parameters<typeof startRecorder>[0] = {},
): Promise<Recording> {
  const sendAndMark = async () => {
    await send();
    await pingIn(kernel.lab, 'left', '-c', '1', '-s', '1', IP.right);
  };
  const recording = await record(kernel, sendAndMark, options);
  const marker = new Set(recording.hops.filter(({ len }) => len === 29 || len === 29 + 14).map(({ packet }) => packet));
  expect(marker.size).toBe(2);
  // Nothing was lost, and nothing was counted that made no record.
  expect(recording.counters).toMatchObject({ seen: recording.hops.length, ringFull: 0 });
  return { ...recording, hops: recording.hops.filter(({ packet }) => !marker.has(packet)) };
}

export const inject = async (kernel: KernelLab, ifname: string, ...frames: Buffer[]) => {
  const lines = frames.map((frame) => `${frame.toString('hex')}\n`).join('');
  const { status, text } = await runIn(kernel.lab, 'left', ['python3', INJECT, ifname], lines);
  if (status !== 0) throw new Error(text);
};
export const at = (kernel: KernelLab, hops: readonly Hop[], namespace: string, ifname: string) =>
  hops.filter((hop) => hop.netnsInum === kernel.inumOf(namespace) && hop.ifname === ifname);
export const onWire = (hops: readonly Hop[]) =>
  hops.filter(({ stage }) => stage === STAGE.net_dev_start_xmit || stage === STAGE.netif_rx);
export const kindOf = (hop: Hop) => parsePacket(hop)?.kind ?? null;
export const isWayIn = (hop: Hop) => hop.stage >= STAGE.netif_rx && hop.stage <= STAGE.netif_receive_skb;

/** The hops of one packet: those whose IP header and what follows are these bytes, at least in the parts routers leave alone. */
export function hopsOf(hops: readonly Hop[], { bytes, l3, end }: Crafted): Hop[] {
  const wanted = Buffer.from(bytes.subarray(l3, Math.min(end, l3 + 128)));
  const fixed = (headers: Buffer) => {
    const copy = Buffer.from(headers);
    if ((copy[0] ?? 0) >> 4 === 4) copy.fill(0, 8, 9).fill(0, 10, 12);
    else copy.fill(0, 7, 8);
    return copy;
  };
  return hops.filter((hop) => {
    const headers = Buffer.from(hop.headers.subarray(hop.l3Offset));
    return headers.length >= 20 && fixed(wanted).subarray(0, headers.length).equals(fixed(headers));
  });
}

/** Every hop of the packet has the headers of the frame, at the right places. */
export function expectHeadersOf(hops: readonly Hop[], { bytes, l3, l4, end }: Crafted): void {
  expect(hops.length).toBeGreaterThan(0);
  for (const hop of hops) {
    const cut = end - l3 + hop.l3Offset > 128;
    expect(hop.headers.length).toBe(cut ? 128 : end - l3 + hop.l3Offset);
    expect((hop.flags & FLAG.CUT) !== 0).toBe(cut);
    const l4Offset = l4 === null ? null : l4 - l3 + hop.l3Offset;
    expect(hop.l4Offset).toBe(l4Offset !== null && l4Offset + 8 <= hop.headers.length ? l4Offset : null);
    // Before the first router the very bytes; the MAC header is in front as long as there is a device.
    if (hop.ifname === 'l0') {
      expect(hop.l3Offset).toBe(l3);
      expect(Buffer.from(hop.headers)).toEqual(bytes.subarray(0, hop.headers.length));
    }
  }
}

export const ROUTED_PATH = [
  ['left', 'l0', 'net_dev_queue'],
  ['left', 'l0', 'net_dev_start_xmit'],
  ['router', 'r0', 'netif_rx'],
  ['router', 'r0', 'netif_receive_skb'],
  ['router', 'r1', 'net_dev_queue'],
  ['router', 'r1', 'net_dev_start_xmit'],
  ['right', 'e0', 'netif_rx'],
  ['right', 'e0', 'netif_receive_skb'],
] as const;
export const BRIDGED_PATH = [
  ['left', 's0', 'net_dev_queue'],
  ['left', 's0', 'net_dev_start_xmit'],
  ['switch', 'p0', 'netif_rx'],
  ['switch', 'p0', 'netif_receive_skb'],
  ['switch', 'p1', 'net_dev_queue'],
  ['switch', 'p1', 'net_dev_start_xmit'],
  ['right', 's0', 'netif_rx'],
  ['right', 's0', 'netif_receive_skb'],
] as const;
export const isFree = ({ stage }: Hop) => stage === STAGE.kfree_skb || stage === STAGE.consume_skb;

/** No sight of a packet, but about one. */
export const isEvidence = ({ stage }: Hop) => stage === STAGE.fib_table_lookup || stage === STAGE.icmp_send;

/** Namespace, device and stage of each hop. */
export type Path = readonly (readonly [string, string, keyof typeof STAGE])[];

/** Passed exactly these stages, frees and evidence aside. */
export function expectPath(kernel: KernelLab, hops: readonly Hop[], path: Path): void {
  const names = new Map(kernel.lab.namespaces.map(({ inum, name }) => [inum, name]));
  const stageName = new Map(Object.entries(STAGE).map(([name, value]) => [value as number, name]));
  const seen = hops
    .filter((hop) => !isFree(hop) && !isEvidence(hop))
    .map((hop) => [names.get(hop.netnsInum), hop.ifname, stageName.get(hop.stage)]);
  expect(seen).toEqual(path);
}
