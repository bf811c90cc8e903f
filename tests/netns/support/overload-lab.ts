// A lab whose links carry nothing but the flood, so that their own counters are the truth: no IPv6, no ARP.
import { type Lab, startLab } from '@hopscope/lab';
import type { DeviceCounter } from '@hopscope/native';
import { STAGE } from '@hopscope/protocol';
import { pingIn, runIn } from './run.ts';

const QUIET = {
  'net.ipv6.conf.all.disable_ipv6': 1,
  'net.ipv6.conf.default.disable_ipv6': 1,
  'net.ipv4.igmp_link_local_mcast_reports': 0,
};
const MAC = { a: '02:00:00:07:00:01', b: '02:00:00:07:00:02' };
const ADDRESS = { a: '10.7.7.1', b: '10.7.7.2' };

export interface OverloadLab {
  readonly lab: Lab;
  readonly netns: ReadonlySet<number>;
  /** Two pings at once as fast as they go, across the bridge; answers how many packets they sent. */
  flood(pingsEach: number): Promise<number>;
  readLinks(): Promise<LinkCount[]>;
}

export interface LinkCount {
  readonly inum: number;
  readonly ifindex: number;
  readonly ifname: string;
  readonly sent: number;
  readonly received: number;
}

/** a0 ── p0 bridge p1 ── b0 */
export async function startOverloadLab(): Promise<OverloadLab> {
  const lab = await startLab({
    namespaces: [
      { name: 'a', addresses: { a0: [`${ADDRESS.a}/24`] }, sysctls: QUIET },
      { name: 'b', addresses: { b0: [`${ADDRESS.b}/24`] }, sysctls: QUIET },
      { name: 'switch', bridges: [{ name: 'br0', ports: ['p0', 'p1'] }], sysctls: QUIET },
    ],
    wires: [
      { a: { namespace: 'a', name: 'a0', mac: MAC.a }, b: { namespace: 'switch', name: 'p0' } },
      { a: { namespace: 'b', name: 'b0', mac: MAC.b }, b: { namespace: 'switch', name: 'p1' } },
    ],
  });
  const fix = (namespace: string, device: string, address: string, mac: string) =>
    runIn(lab, namespace, ['ip', 'neigh', 'replace', address, 'lladdr', mac, 'nud', 'permanent', 'dev', device]);
  await fix('a', 'a0', ADDRESS.b, MAC.b);
  await fix('b', 'b0', ADDRESS.a, MAC.a);
  // The bridge learns where both are.
  await pingIn(lab, 'a', '-c', '1', ADDRESS.b);
  const ping = async (pings: number) => {
    const { text } = await runIn(lab, 'a', [
      'timeout',
      '-s',
      'INT',
      '10',
      'ping',
      '-n',
      '-q',
      '-f',
      '-c',
      String(pings),
      ADDRESS.b,
    ]);
    return Number(/(\d+) packets transmitted/.exec(text)?.[1]);
  };
  return {
    lab,
    netns: new Set(lab.namespaces.map(({ inum }) => inum)),
    async flood(pingsEach) {
      const sent = await Promise.all([ping(pingsEach), ping(pingsEach)]);
      return sent.reduce((sum, each) => sum + each, 0);
    },
    async readLinks() {
      const links: LinkCount[] = [];
      for (const { name, inum } of lab.namespaces) {
        const { text } = await runIn(lab, name, ['ip', '-s', '-j', 'link']);
        for (const { ifname, ifindex, stats64 } of JSON.parse(text)) {
          links.push({ inum, ifindex, ifname, sent: stats64.tx.packets, received: stats64.rx.packets });
        }
      }
      return links;
    },
  };
}

/** Packets by which our counters differ from those of `ip -s link` in between, over all devices and both ways; and how many there were. */
export function compareCounters(
  counters: readonly DeviceCounter[],
  before: readonly LinkCount[],
  after: readonly LinkCount[],
): { difference: number; packets: number } {
  const counted = (link: LinkCount, stage: number) =>
    counters.find(
      ({ netnsInum, ifindex, stage: at }) => netnsInum === link.inum && ifindex === link.ifindex && at === stage,
    )?.packets ?? 0;
  let difference = 0;
  let packets = 0;
  for (const link of after) {
    const earlier = before.find(({ inum, ifindex }) => inum === link.inum && ifindex === link.ifindex);
    const sent = link.sent - (earlier?.sent ?? 0);
    const received = link.received - (earlier?.received ?? 0);
    difference += Math.abs(counted(link, STAGE.net_dev_start_xmit) - sent);
    difference += Math.abs(counted(link, STAGE.netif_receive_skb) - received);
    packets += sent + received;
  }
  return { difference, packets };
}
