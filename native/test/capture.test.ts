// The capture API for real: openCapture and everything a Capture promises in index.d.ts.
import { execFileSync } from 'node:child_process';
import { type Lab, startLab } from '@hopscope/lab';
import { type Capture, dropReasons, libbpfVersion, openCapture } from '@hopscope/native';
import { OFFSET, RECORD_BYTES, STAGE } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeUnless, whyNoPrograms, whyNotRoot } from '../../tests/netns/support/privilege.ts';
import { startRecorder } from '../../tests/netns/support/recorder.ts';
import { pingIn, runIn } from '../../tests/netns/support/run.ts';

const UNREACHED = '192.0.2.99';

describeUnless(whyNotRoot(), whyNoPrograms())('a capture', () => {
  let lab: Lab;
  let inum = 0;
  const open: Capture[] = [];

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        {
          name: 'a',
          firewall: { iptables: [`iptables -A OUTPUT -d ${UNREACHED} -j DROP`] },
          routes: ['default dev lo'],
        },
      ],
    });
    inum = lab.namespaces[0]?.inum ?? 0;
  });
  afterEach(() => {
    for (const capture of open.splice(0)) capture.close();
  });
  afterAll(() => lab?.stop());

  /** Sees only this test's namespace, so that what else runs on the machine does not disturb. */
  function start(options: Parameters<typeof openCapture>[0] = {}): Capture {
    const capture = openCapture({ netns: [inum], ...options });
    open.push(capture);
    return capture;
  }
  const ping = (count: number, ...more: string[]) =>
    pingIn(lab, 'a', '-c', String(count), '-i', '0.002', ...more, '127.0.0.1');
  const drainAll = (capture: Capture, buffer = new Uint8Array(4096 * RECORD_BYTES)) => {
    const parts: Uint8Array[] = [];
    for (let bytes = capture.drain(buffer); bytes > 0; bytes = capture.drain(buffer))
      parts.push(buffer.slice(0, bytes));
    return Buffer.concat(parts);
  };
  /** Detached, so that the number of records stands still. */
  async function captureOf(pings: number, options?: Parameters<typeof openCapture>[0]): Promise<Capture> {
    const capture = start(options);
    await ping(pings);
    capture.detach();
    return capture;
  }

  test('opens without options and sees every namespace', async () => {
    const capture = openCapture();
    open.push(capture);
    await ping(1);
    const inums = new Set<number>();
    const records = drainAll(capture);
    for (let at = 0; at < records.length; at += RECORD_BYTES) inums.add(records.readUInt32LE(at + OFFSET.netns_inum));
    expect(inums).toContain(inum);
  });

  test.each([
    ['a number for the options', 7],
    ['text for the options', 'all'],
    ['null for the options', null],
    ['a ring that is no power of two', { ringBytes: 100_000 }],
    ['a ring that is too small', { ringBytes: 32_768 }],
    ['a ring of 4 GiB', { ringBytes: 2 ** 32 }],
    ['a ring of half a byte', { ringBytes: 65536.5 }],
    ['a ring of text', { ringBytes: '65536' }],
    ['a ring of NaN', { ringBytes: Number.NaN }],
    ['a namespace instead of a list', { netns: 4026531840 }],
    ['a negative namespace', { netns: [-1] }],
    ['a namespace of text', { netns: ['4026531840'] }],
    ['a hole among the namespaces', { netns: new Array(2) }],
    ['no namespace at all', { netns: [] }],
    ['too many namespaces', { netns: new Array(1025).fill(1) }],
    ['an empty device name', { ifname: '' }],
    ['a device name of 16 bytes', { ifname: 'abcdefghijklmnop' }],
    ['a device name of 10 letters and 20 bytes', { ifname: 'ä'.repeat(10) }],
    ['a device name with a zero in it', { ifname: 'eth0\0' }],
    ['a device number', { ifname: 3 }],
    ['a protocol instead of a list', { protocols: 'udp' }],
    ['no protocol at all', { protocols: [] }],
    ['an unknown protocol', { protocols: ['udp', 'sctp'] }],
    ['a hole among the protocols', { protocols: new Array(2) }],
    ['a port instead of a list', { ports: 53 }],
    ['no port at all', { ports: [] }],
    ['too many ports', { ports: new Array(17).fill(53) }],
    ['a port of 65536', { ports: [65536] }],
    ['another way of attaching', { attach: 'kprobe' }],
    ['a way of attaching that is no text', { attach: 1 }],
    ['a callback that is none', { onReadable: 'call me' }],
  ])('refuses %s with a TypeError', (_what, options) => {
    expect(() => openCapture(options as object)).toThrow(TypeError);
  });

  test('passes on what a getter among the options throws', () => {
    const options = {
      get ifname(): string {
        throw new RangeError('mine');
      },
    };
    expect(() => openCapture(options)).toThrow('mine');
  });

  test('drains whole records only, whatever the buffer', async () => {
    const capture = await captureOf(5);
    const { seen } = capture.counters();
    expect(seen).toBeGreaterThanOrEqual(5 * 8);
    const stages = new Set<number>(Object.values(STAGE));
    const look = (record: Uint8Array) => {
      const view = new DataView(record.buffer, record.byteOffset, RECORD_BYTES);
      expect(stages).toContain(view.getUint8(OFFSET.stage));
      expect(view.getUint32(OFFSET.netns_inum, true)).toBe(inum);
    };

    const one = new Uint8Array(RECORD_BYTES);
    expect(capture.drain(one)).toBe(RECORD_BYTES);
    look(one);
    // Room for two and a bit: the bit stays as it was.
    const odd = new Uint8Array(2 * RECORD_BYTES + 77).fill(0xee);
    expect(capture.drain(odd)).toBe(2 * RECORD_BYTES);
    look(odd);
    look(odd.subarray(RECORD_BYTES));
    expect(odd.subarray(2 * RECORD_BYTES).every((byte) => byte === 0xee)).toBe(true);
    // Neither its start nor its length is aligned, and nothing around it is touched.
    const around = new Uint8Array(3 * RECORD_BYTES).fill(0xee);
    expect(capture.drain(around.subarray(3, 3 + RECORD_BYTES + 1))).toBe(RECORD_BYTES);
    look(around.subarray(3));
    expect(around.subarray(0, 3).every((byte) => byte === 0xee)).toBe(true);
    expect(around.subarray(3 + RECORD_BYTES).every((byte) => byte === 0xee)).toBe(true);
    const shared = new Uint8Array(new SharedArrayBuffer(RECORD_BYTES));
    expect(capture.drain(shared)).toBe(RECORD_BYTES);
    look(shared);

    expect(drainAll(capture).length).toBe((seen - 5) * RECORD_BYTES);
    expect(capture.drain(one)).toBe(0);
  });

  test('keeps the records in order and takes them off the ring once', async () => {
    const capture = await captureOf(20);
    const records = drainAll(capture, new Uint8Array(7 * RECORD_BYTES));
    expect(records.length).toBe(capture.counters().seen * RECORD_BYTES);
    const ids = new Set<string>();
    for (let at = 0; at < records.length; at += RECORD_BYTES) {
      const field = (offset: number) => records.readBigUInt64LE(at + offset);
      ids.add([OFFSET.time_ns, OFFSET.skb_id].map(field).join() + records[at + OFFSET.stage]);
    }
    expect(ids.size).toBe(records.length / RECORD_BYTES);
  });

  test('refuses a buffer that is too short or none', () => {
    const capture = start();
    expect(() => capture.drain(new Uint8Array(RECORD_BYTES - 1))).toThrow(RangeError);
    expect(() => capture.drain(new Uint8Array(0))).toThrow(RangeError);
    const moved = new Uint8Array(4096);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    expect(() => capture.drain(moved)).toThrow(RangeError);
    const wrong: unknown[] = [
      undefined,
      null,
      4096,
      {},
      [],
      new ArrayBuffer(4096),
      new DataView(new ArrayBuffer(4096)),
    ];
    wrong.push(new Uint16Array(4096), new Uint8ClampedArray(4096), new Int8Array(4096), new Float64Array(4096));
    for (const each of wrong) expect(() => capture.drain(each as Uint8Array)).toThrow(TypeError);
    expect(() => (capture as { locationNames(from: unknown): string[] }).locationNames('1')).toThrow(TypeError);
    expect(() => capture.locationNames(-1)).toThrow(TypeError);
  });

  test('counts what it saw, and that is what it hands out', async () => {
    const capture = start();
    const before = capture.counters();
    expect(before).toMatchObject({ seen: 0, ringFull: 0, drained: 0, identityFull: 0, deviceFull: 0 });
    expect(before.ringFullPerCpu.every((lost) => lost === 0)).toBe(true);
    await ping(10);
    capture.detach();
    const { seen } = capture.counters();
    expect(capture.counters()).toMatchObject({ seen, drained: 0, ringFull: 0 });
    capture.drain(new Uint8Array(3 * RECORD_BYTES));
    expect(capture.counters()).toMatchObject({ seen, drained: 3, ringFull: 0 });
    drainAll(capture);
    expect(capture.counters()).toMatchObject({ seen, drained: seen, ringFull: 0 });

    // Queue, xmit, rx and receive of 10 requests and 10 replies at loopback, which is device 1.
    const counted = new Map(capture.deviceCounters().map((each) => [each.stage, each]));
    for (const stage of [STAGE.net_dev_queue, STAGE.net_dev_start_xmit, STAGE.netif_rx, STAGE.netif_receive_skb]) {
      const bytes = 20 * (84 + (stage < STAGE.netif_rx ? 14 : 0));
      expect(counted.get(stage)).toEqual({ netnsInum: inum, ifindex: 1, stage, packets: 20, bytes });
    }
  });

  test('says which programs are on', () => {
    for (const attach of ['tp_btf', 'raw_tp'] as const) {
      const features = start({ attach }).features();
      const stateOf = new Map(features.map(({ name, state }) => [name, state]));
      expect(stateOf.size).toBe(features.length);
      expect(stateOf.get(attach)).toBe('on');
      if (attach === 'raw_tp') expect(stateOf.get('paged-headers')).toBe('off');
      for (const name of Object.keys(STAGE)) expect(stateOf.get(name), name).toBe('on');
      for (const { state, why } of features) expect(why === '').toBe(state === 'on');
    }
  });

  test('reads the drop reasons that bpftool reads', () => {
    const types: { types: { kind: string; name: string; values?: { name: string; val: number }[] }[] } = JSON.parse(
      execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', '/sys/kernel/btf/vmlinux'], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      }),
    );
    const { values = [] } = types.types.find(({ kind, name }) => kind === 'ENUM' && name === 'skb_drop_reason') ?? {};
    const truth = values
      .filter(({ name }) => name.startsWith('SKB_DROP_REASON_') && name !== 'SKB_DROP_REASON_MAX')
      .map(({ name, val }) => [String(val >>> 0), name.slice('SKB_DROP_REASON_'.length)]);
    expect(truth.length).toBeGreaterThan(40);
    expect(Object.entries(dropReasons()).sort()).toEqual(truth.sort());
    expect(Object.values(dropReasons())).toEqual(expect.arrayContaining(['NETFILTER_DROP', 'NO_SOCKET']));
    expect(libbpfVersion()).toMatch(/^\d+\.\d+$/);
  });

  test('names where and why a packet was dropped, and hands out no kernel address', async () => {
    const recorder = startRecorder({ netns: [inum] });
    await ping(1);
    await runIn(lab, 'a', ['ping', '-n', '-q', '-c', '3', '-i', '0.002', '-W', '0.1', UNREACHED]);
    const { hops, bytes, locations } = recorder.stop();
    const drops = hops.filter(({ stage }) => stage === STAGE.kfree_skb);
    const names = drops.map(({ dropReason, location }) => [dropReasons()[dropReason], locations[location]]);
    expect(names).toContainEqual(['NETFILTER_DROP', expect.stringMatching(/^nft?_\w+\+0x[0-9a-f]+$/)]);
    // What ends every answered ping: the reply's original, of which the socket has read a clone.
    expect(names).toContainEqual(['NO_SOCKET', expect.stringMatching(/^\w+\+0x[0-9a-f]+$/)]);
    for (const [, name] of names) expect(name).toMatch(/^[\w.]+\+0x[0-9a-f]+$/);

    // The upper half of the address space begins with ffff. Skipped: what came over the wire, and offsets that do not exist.
    for (let record = 0; record < bytes.length; record += RECORD_BYTES) {
      for (const at of [OFFSET.l3_offset, OFFSET.l4_offset]) {
        if (bytes[record + at] === 0xff) bytes.fill(0, record + at, record + at + 2);
      }
      for (let at = record; at + 8 <= record + OFFSET.headers; at++) {
        const found = bytes[at + 7] === 0xff && bytes[at + 6] === 0xff;
        expect(found, `an address in the bytes from ${at - record} on`).toBe(false);
      }
    }
  });

  test('names locations from the wanted one on', async () => {
    const capture = start();
    expect(capture.locationNames(0)).toEqual([]);
    await ping(1);
    await runIn(lab, 'a', ['ping', '-n', '-q', '-c', '1', '-W', '0.1', UNREACHED]);
    drainAll(capture);
    const names = capture.locationNames(1);
    expect(names.length).toBeGreaterThanOrEqual(2);
    expect(capture.locationNames(0)).toEqual(names);
    expect(capture.locationNames(2)).toEqual(names.slice(1));
    expect(capture.locationNames(names.length + 1)).toEqual([]);
  });

  test('after detach everything in the ring can still be drained', async () => {
    const capture = start();
    await ping(10);
    capture.detach();
    const { seen } = capture.counters();
    await ping(10);
    expect(capture.counters().seen).toBe(seen);
    capture.detach();
    drainAll(capture);
    const { drained, ringFull } = capture.counters();
    expect(drained + ringFull).toBe(seen);
    expect(capture.features().length).toBeGreaterThan(8);
  });

  test('after close every call but close says so', () => {
    const capture = start();
    capture.close();
    capture.close();
    const calls: (() => unknown)[] = [
      () => capture.drain(new Uint8Array(RECORD_BYTES)),
      () => capture.counters(),
      () => capture.deviceCounters(),
      () => capture.setSampling(1),
      () => capture.sampledOneIn(),
      () => capture.features(),
      () => capture.locationNames(1),
      () => capture.detach(),
    ];
    for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  test('two captures see the same packets, each with ids of its own', async () => {
    const [one, other] = [start(), start()];
    await ping(3);
    one.detach();
    other.detach();
    const [left, right] = [drainAll(one), drainAll(other)];
    expect(left.length).toBe(right.length);
    expect(left.length).toBeGreaterThan(0);
    for (let at = 0; at < left.length; at += RECORD_BYTES) {
      const same = (offset: number) => left.readUInt32LE(at + offset) === right.readUInt32LE(at + offset);
      expect(same(OFFSET.stage) && same(OFFSET.len) && same(OFFSET.ifindex)).toBe(true);
      expect(same(OFFSET.packet_id)).toBe(false);
      expect(same(OFFSET.skb_id)).toBe(false);
    }
  });
});
