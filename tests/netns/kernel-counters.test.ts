// The counters under load, against the kernel's own: what `ip -s link` says of every device. Nothing but ICMP crosses this lab: IPv6 is
// off and neighbours are fixed, so both must agree to the packet and to the byte.
import { availableParallelism } from 'node:os';
import { type Lab, startLab } from '@hopscope/lab';
import { type Capture, type DeviceCounter, openCapture } from '@hopscope/native';
import { RECORD_BYTES, STAGE } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';

const MAC_BYTES = 14;
const ICMP_ONLY = {
  'net.ipv6.conf.all.disable_ipv6': 1,
  'net.ipv6.conf.default.disable_ipv6': 1,
  'net.ipv4.igmp_link_local_mcast_reports': 0,
};
const MAC = { a0: '02:00:00:00:09:01', b0: '02:00:00:00:09:02', br0: '02:00:00:00:09:03' };
const IP = { a: '10.9.9.1', b: '10.9.9.2', br: '10.9.9.3' };

interface LinkCount {
  readonly namespace: string;
  readonly ifname: string;
  readonly ifindex: number;
  readonly tx: { readonly packets: number; readonly bytes: number };
  readonly rx: { readonly packets: number; readonly bytes: number };
}

describeUnless(whyNotRoot(), whyNoPrograms())('the counters', () => {
  let lab: Lab;
  let capture: Capture | undefined;

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        { name: 'a', addresses: { a0: [`${IP.a}/24`] }, sysctls: ICMP_ONLY },
        { name: 'b', addresses: { b0: [`${IP.b}/24`] }, sysctls: ICMP_ONLY },
        {
          name: 'switch',
          bridges: [{ name: 'br0', mac: MAC.br0, ports: ['p0', 'p1'] }],
          addresses: { br0: [`${IP.br}/24`] },
          sysctls: ICMP_ONLY,
        },
      ],
      wires: [
        { a: { namespace: 'a', name: 'a0', mac: MAC.a0 }, b: { namespace: 'switch', name: 'p0' } },
        { a: { namespace: 'b', name: 'b0', mac: MAC.b0 }, b: { namespace: 'switch', name: 'p1' } },
      ],
    });
    const fixed = async (namespace: string, device: string, neighbours: readonly (readonly [string, string])[]) => {
      for (const [address, mac] of neighbours) {
        await runIn(lab, namespace, [
          'ip',
          'neigh',
          'replace',
          address,
          'lladdr',
          mac,
          'nud',
          'permanent',
          'dev',
          device,
        ]);
      }
    };
    await fixed('a', 'a0', [
      [IP.b, MAC.b0],
      [IP.br, MAC.br0],
    ]);
    await fixed('b', 'b0', [[IP.a, MAC.a0]]);
    await fixed('switch', 'br0', [[IP.a, MAC.a0]]);
    // The bridge learns where everyone is.
    await pingIn(lab, 'a', '-c', '1', IP.b);
    await pingIn(lab, 'a', '-c', '1', IP.br);
  });
  afterEach(() => {
    capture?.close();
    capture = undefined;
  });
  afterAll(() => lab?.stop());

  const netns = () => lab.namespaces.map(({ inum }) => inum);

  async function readLinks(): Promise<LinkCount[]> {
    const links: LinkCount[] = [];
    for (const { name } of lab.namespaces) {
      const { text } = await runIn(lab, name, ['ip', '-s', '-j', 'link']);
      for (const { ifname, ifindex, stats64 } of JSON.parse(text)) {
        links.push({ namespace: name, ifname, ifindex, tx: stats64.tx, rx: stats64.rx });
      }
    }
    return links;
  }

  /** What the kernel counted of a device between two looks, as packets and bytes. */
  const minus = (after: LinkCount, before: LinkCount | undefined, way: 'tx' | 'rx') => ({
    packets: after[way].packets - (before?.[way].packets ?? 0),
    bytes: after[way].bytes - (before?.[way].bytes ?? 0),
  });

  /** Every device of the lab: transmitted is what passed net_dev_start_xmit; received what passed the first stage of the way in. */
  function expectCountersOf(counted: readonly DeviceCounter[], before: LinkCount[], after: LinkCount[]) {
    const count = (link: LinkCount, stage: number) => {
      const inum = lab.namespaces.find(({ name }) => name === link.namespace)?.inum;
      const found = counted.find(
        (each) => each.netnsInum === inum && each.ifindex === link.ifindex && each.stage === stage,
      );
      return { packets: found?.packets ?? 0, bytes: found?.bytes ?? 0 };
    };
    for (const link of after) {
      const what = `${link.namespace}/${link.ifname}`;
      // Loopback counts without the MAC header that its packets have.
      const loopback = link.ifname === 'lo';
      const earlier = before.find(({ namespace, ifindex }) => namespace === link.namespace && ifindex === link.ifindex);
      const [queued, sent] = [count(link, STAGE.net_dev_queue), count(link, STAGE.net_dev_start_xmit)];
      const [arrived, received] = [count(link, STAGE.netif_rx), count(link, STAGE.netif_receive_skb)];
      const transmitted = minus(link, earlier, 'tx');
      expect(sent, `${what} sent`).toEqual({
        packets: transmitted.packets,
        bytes: transmitted.bytes + (loopback ? MAC_BYTES * transmitted.packets : 0),
      });
      expect(queued, `${what} queued`).toEqual(sent);
      const { packets, bytes } = minus(link, earlier, 'rx');
      // What came in has no MAC header any more; the bridge counts what it passes up without one too.
      const macBytes = loopback || link.ifname === 'br0' ? 0 : MAC_BYTES * packets;
      expect(received, `${what} received`).toEqual({ packets, bytes: bytes - macBytes });
      // The bridge hands a packet up by netif_receive_skb, not by the backlog.
      expect(link.ifname === 'br0' ? count(link, STAGE.netif_receive_skb_entry) : arrived, `${what} arrived`).toEqual(
        received,
      );
    }
    expect(after.some((link) => link.tx.packets > 0)).toBe(true);
  }

  test('equal those of ip -s link for every device', async () => {
    const before = await readLinks();
    // Holds all records however late they are read.
    const recorder = startRecorder({ netns: netns(), ringBytes: 2 ** 26 });
    await pingIn(lab, 'a', '-f', '-c', '2000', IP.b);
    await pingIn(lab, 'a', '-f', '-c', '500', '-s', '1000', IP.br);
    await pingIn(lab, 'a', '-f', '-c', '500', '127.0.0.1');
    const after = await readLinks();
    const { counters, devices, hops } = recorder.stop();
    expectCountersOf(devices, before, after);
    expect(counters.ringFull).toBe(0);
    expect(counters.seen).toBe(hops.length);
    expect(counters.drained).toBe(hops.length);
    // Each record that was on a device is in its counter.
    const records = hops.filter(({ ifindex }) => ifindex !== 0).length;
    expect(devices.reduce((sum, { packets }) => sum + packets, 0)).toBe(records);
    expect(counters.recursionMisses).toBeGreaterThanOrEqual(0);
  });

  test('stay exact while a small ring that nobody reads loses most records', async () => {
    const before = await readLinks();
    capture = openCapture({ netns: netns(), ringBytes: 65536 });
    const flood = (cpu: number) =>
      runIn(lab, 'a', ['taskset', '-c', String(cpu), 'ping', '-n', '-q', '-f', '-c', '10000', IP.b]);
    const results = await Promise.all([flood(0), flood(availableParallelism() > 1 ? 1 : 0)]);
    for (const { text } of results) expect(text).toContain('10000 packets transmitted');
    const after = await readLinks();
    capture.detach();
    const full = capture.counters();
    expectCountersOf(capture.deviceCounters(), before, after);
    expect(full.drained).toBe(0);

    const buffer = new Uint8Array(1000 * RECORD_BYTES);
    let records = 0;
    for (let bytes = capture.drain(buffer); bytes > 0; bytes = capture.drain(buffer)) records += bytes / RECORD_BYTES;
    const { seen, ringFull, ringFullPerCpu, sampledOut, drained } = capture.counters();
    expect(drained).toBe(records);
    // 64 KiB hold 282 records of 224 bytes and an 8-byte header each.
    expect(drained).toBe(Math.floor(65536 / (RECORD_BYTES + 8)));
    expect(seen).toBe(drained + ringFull + sampledOut);
    expect(seen).toBe(full.seen);
    expect(ringFullPerCpu.reduce((sum, lost) => sum + lost, 0)).toBe(ringFull);
    expect(ringFull).toBeGreaterThan(0);
    expect(seen).toBeGreaterThan(20_000 * 16);
  });

  test('stay exact with a reader that comes now and then', async () => {
    const before = await readLinks();
    capture = openCapture({ netns: netns(), ringBytes: 65536 });
    const open = capture;
    const buffer = new Uint8Array(200 * RECORD_BYTES);
    let records = 0;
    const timer = setInterval(() => {
      records += open.drain(buffer) / RECORD_BYTES;
      const { seen, ringFull, sampledOut, drained } = open.counters();
      expect(seen).toBeGreaterThanOrEqual(drained + ringFull + sampledOut);
    }, 2);
    await pingIn(lab, 'a', '-f', '-c', '20000', IP.b);
    const after = await readLinks();
    clearInterval(timer);
    capture.detach();
    expectCountersOf(capture.deviceCounters(), before, after);
    for (let bytes = open.drain(buffer); bytes > 0; bytes = open.drain(buffer)) records += bytes / RECORD_BYTES;
    const { seen, ringFull, sampledOut, drained } = capture.counters();
    expect(drained).toBe(records);
    expect(seen).toBe(drained + ringFull + sampledOut);
    expect(sampledOut).toBeGreaterThan(0);
    expect(drained).toBeGreaterThan(1000);
  });
});
