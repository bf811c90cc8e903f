// Fewer packets from end to end, never pieces of all: asked for, while the asking changes, and by itself when the ring fills.
import { type Capture, openCapture } from '@hopscope/native';
import { FLAG, type Hop, RECORD_BYTES, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IP, type KernelLab, startKernelLab } from './support/kernel-lab.ts';
import { isEvidence, isFree, kindOf } from './support/kernel-tools.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { type Recording, startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const RING_BYTES = 2 ** 26;
/** Stages that a packet passes on the bridged way, frees aside. */
const CROSSINGS = 8;

describeUnless(whyNotRoot(), whyNoPrograms())('sampling', () => {
  let kernel: KernelLab;

  beforeAll(async () => {
    kernel = await startKernelLab();
    for (const address of [IP.right, IP.rightS0, IP.rightS06]) await pingIn(kernel.lab, 'left', '-c', '1', address);
  });
  afterAll(() => kernel?.lab.stop());

  async function record(
    send: (capture: Capture) => Promise<unknown>,
    options: Parameters<typeof startRecorder>[0] = {},
  ): Promise<Recording> {
    const recorder = startRecorder({ netns: kernel.netns, ringBytes: RING_BYTES, ...options });
    try {
      await send(recorder.capture);
    } finally {
      recorder.capture.detach();
    }
    const recording = recorder.stop();
    const { seen, drained, ringFull, sampledOut } = recording.counters;
    expect(seen).toBe(drained + ringFull + sampledOut);
    expect(drained).toBe(recording.hops.length);
    return recording;
  }

  /** Crossings of requests and of what answers them, by sequence number. */
  function bySequence(hops: readonly Hop[]): Map<number, { asked: number; answered: number }> {
    const found = new Map<number, { asked: number; answered: number }>();
    for (const hop of hops) {
      if (isFree(hop) || isEvidence(hop)) continue;
      // The sequence number: of an echo 6 bytes into ICMP, of one that an error quotes 34 (IPv4).
      const quoted = kindOf(hop) === 'error' ? 28 : 0;
      const l4 = (hop.l4Offset ?? 0) + quoted;
      const seq = ((hop.headers[l4 + 6] ?? 0) << 8) | (hop.headers[l4 + 7] ?? 0);
      const its = found.get(seq) ?? { asked: 0, answered: 0 };
      if (kindOf(hop) === 'request') its.asked++;
      else its.answered++;
      found.set(seq, its);
    }
    return found;
  }

  test.each([
    ['IPv4', IP.rightS0],
    ['IPv6', IP.rightS06],
  ])('follows one exchange in eight whole, and counts the rest (%s)', async (_family, address) => {
    const pings = 2048;
    const { hops, counters, devices } = await record(async (capture) => {
      expect(capture.sampledOneIn()).toBe(1);
      capture.setSampling(8);
      expect(capture.sampledOneIn()).toBe(8);
      await pingIn(kernel.lab, 'left', '-f', '-c', String(pings), address);
    });
    const exchanges = bySequence(hops);
    for (const [, its] of exchanges) expect(its).toEqual({ asked: CROSSINGS, answered: CROSSINGS });
    // 1/8 of any 256 sequence numbers that begin a block of 256; those at the edges may fall either way.
    expect(exchanges.size).toBeGreaterThanOrEqual(pings / 8 - 32);
    expect(exchanges.size).toBeLessThanOrEqual(pings / 8 + 32);
    expect(counters.sampledOut).toBeGreaterThan(counters.seen / 2);
    // The counters by device know nothing of it.
    const sent = devices.filter(({ stage }) => stage === STAGE.net_dev_start_xmit);
    expect(sent.map(({ packets }) => packets)).toEqual(sent.map(() => pings));
    expect(sent.length).toBe(4);
  });

  test('request and reply share their fate while the sampling changes', async () => {
    const pings = 3000;
    const { hops } = await record(async (capture) => {
      let turn = 0;
      const timer = setInterval(() => capture.setSampling(2 ** (turn++ % 7)), 1);
      // No flood: on a fast machine it is over before the sampling has changed often.
      await pingIn(kernel.lab, 'left', '-i', '0.001', '-c', String(pings), IP.rightS0);
      clearInterval(timer);
      expect(turn).toBeGreaterThan(20);
    });
    const exchanges = bySequence(hops);
    expect(exchanges.size).toBeGreaterThan(pings / 64);
    expect(exchanges.size).toBeLessThan(pings);
    const partial = [...exchanges.values()].filter(({ asked, answered }) => asked !== answered || asked !== CROSSINGS);
    expect(partial).toEqual([]);
  });

  test('an error shares the fate of the echo that it quotes', async () => {
    const { hops } = await record(async (capture) => {
      capture.setSampling(4);
      const argv = ['ping', '-n', '-q', '-c', '200', '-i', '0.002', '-W', '1', '-t', '1', IP.right];
      await runIn(kernel.lab, 'left', argv);
    });
    const exchanges = [...bySequence(hops).values()];
    expect(exchanges.length).toBeGreaterThan(10);
    expect(exchanges.length).toBeLessThan(150);
    // Out and in on one wire each.
    for (const its of exchanges) expect(its).toEqual({ asked: 4, answered: 4 });
  });

  test('follows UDP by packet', async () => {
    const { hops, counters } = await record(
      async (capture) => {
        capture.setSampling(16);
        const script = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3200):
    try: s.sendto(b"x" * (i % 100), ("${IP.rightS0}", 9))
    except OSError: pass`;
        await runIn(kernel.lab, 'left', ['python3', '-c', script]);
      },
      { protocols: ['udp'] },
    );
    const packets = new Map<number, number>();
    for (const hop of hops.filter(
      (each) => !isFree(each) && !isEvidence(each) && each.headers[each.l3Offset + 9] === 17,
    )) {
      packets.set(hop.packet, (packets.get(hop.packet) ?? 0) + 1);
    }
    expect(packets.size).toBeGreaterThan(20);
    expect(packets.size).toBeLessThan(800);
    expect([...packets.values()].filter((crossings) => crossings !== CROSSINGS)).toEqual([]);
    expect(counters.sampledOut).toBeGreaterThan(counters.drained);
  });

  test('by itself while the ring fills, and not any more when it is empty', async () => {
    const capture = openCapture({ netns: kernel.netns, ringBytes: 65536 });
    try {
      await pingIn(kernel.lab, 'left', '-f', '-c', '5000', IP.rightS0);
      // Full, but for less than a record (bpf/include/hop_shared.h).
      expect(capture.sampledOneIn()).toBe(256);
      const buffer = new Uint8Array(1000 * RECORD_BYTES);
      expect(capture.drain(buffer)).toBeGreaterThan(200 * RECORD_BYTES);
      await expect.poll(() => capture.sampledOneIn(), { timeout: 2000 }).toBe(1);
      // Nobody has looked at the ring since: the first packet does.
      await pingIn(kernel.lab, 'left', '-c', '3', '-i', '0.01', IP.rightS0);
      capture.detach();
      expect(capture.drain(buffer)).toBeGreaterThanOrEqual(3 * 2 * CROSSINGS * RECORD_BYTES);
    } finally {
      capture.close();
    }
  });

  test('a stalled reader: what is followed is whole but for what found no room', async () => {
    const capture = openCapture({ netns: kernel.netns, ringBytes: 65536 });
    const crossings = new Map<string, number>();
    const buffer = Buffer.alloc(300 * RECORD_BYTES);
    let drained = 0;
    const drain = () => {
      for (let bytes = capture.drain(buffer); bytes > 0; bytes = capture.drain(buffer)) {
        drained += bytes / RECORD_BYTES;
        for (let at = 0; at < bytes; at += RECORD_BYTES) {
          const stage = buffer[at + 76] ?? 0;
          if (stage > STAGE.netif_receive_skb) continue;
          const id = buffer.subarray(at + 8, at + 16).toString('hex');
          crossings.set(id, (crossings.get(id) ?? 0) + 1);
        }
      }
    };
    try {
      // 64 KiB hold 282 records, some 14 pings; it reads every 20 ms.
      const timer = setInterval(drain, 20);
      await pingIn(kernel.lab, 'left', '-f', '-c', '30000', IP.rightS0);
      clearInterval(timer);
      capture.detach();
      drain();
      const { seen, ringFull, sampledOut, drained: counted } = capture.counters();
      expect(counted).toBe(drained);
      expect(seen).toBe(drained + ringFull + sampledOut);
      expect(seen).toBeGreaterThanOrEqual(30_000 * 2 * CROSSINGS);
      expect(sampledOut).toBeGreaterThan(seen / 2);
      const pieces = [...crossings.values()].reduce((sum, count) => sum + CROSSINGS - count, 0);
      // Each missing crossing of a packet that is followed was counted as one that found no room.
      expect(pieces).toBeLessThanOrEqual(ringFull);
      const whole = [...crossings.values()].filter((count) => count === CROSSINGS).length;
      expect(whole).toBeGreaterThan(crossings.size / 2);
      recordScore(
        'C7',
        'flood into a ring of 64 KiB with a reader that stalls: records, by the kernel side’s own ledger',
        {
          seen,
          delivered: drained,
          'ring full': ringFull,
          'sampled out': sampledOut,
          difference: seen - drained - ringFull - sampledOut,
        },
      );
    } finally {
      capture.close();
    }
  });

  test('refuses what is no power of two', () => {
    const capture = openCapture({ netns: kernel.netns });
    try {
      for (const wrong of [0, 3, -2, 0.5, 131_072, Number.NaN])
        expect(() => capture.setSampling(wrong)).toThrow(TypeError);
      for (const oneIn of [1, 2, 65_536]) {
        capture.setSampling(oneIn);
        expect(capture.sampledOneIn()).toBe(oneIn);
      }
    } finally {
      capture.close();
    }
  });

  test('marks the first sight of a followed packet, as ever', async () => {
    const { hops } = await record(async (capture) => {
      capture.setSampling(2);
      await pingIn(kernel.lab, 'left', '-f', '-c', '500', IP.rightS0);
    });
    const first = hops.filter(({ flags }) => (flags & FLAG.FIRST) !== 0);
    expect(first.length).toBe(new Set(hops.map(({ packet }) => packet)).size);
  });
});
