// Hops for tests: say what matters, the rest is filled in.
import {
  deviceId,
  type Hop,
  netnsId,
  type PacketId,
  type SkbId,
  STAGE,
  type StageName,
  type TimeNs,
} from '@hopscope/protocol';
import { type FrameSpec, frameBytes } from './test-headers.ts';

export interface HopSpec {
  t?: number;
  packet?: number;
  skb?: number;
  /** inum of the namespace, also its cookie; 0 = no device. */
  netns?: number;
  ifindex?: number;
  ifname?: string;
  stage?: StageName;
  dataref?: number;
  dropReason?: number;
  location?: number;
  flags?: number;
  cpu?: number;
  linkType?: number;
  vlan?: Hop['vlan'];
  index?: number;
  frame: FrameSpec;
}

const noTag: FrameSpec['mac'] = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' };

export function makeHop(spec: HopSpec): Hop {
  const { netns: inum = 1, ifindex = 2 } = spec;
  const netns = inum === 0 ? null : netnsId(String(inum), inum);
  const { headers, l3Offset, l4Offset } = frameBytes({ mac: noTag, ...spec.frame });
  return {
    index: spec.index ?? 0,
    t: (spec.t ?? 0) as TimeNs,
    packet: (spec.packet ?? 1) as PacketId,
    skb: (spec.skb ?? 1) as SkbId,
    netns,
    netnsInum: inum,
    ifindex: netns === null ? 0 : ifindex,
    device: netns === null ? null : deviceId(netns, ifindex),
    ifname: netns === null ? '' : (spec.ifname ?? `if${ifindex}`),
    len: 84,
    stage: STAGE[spec.stage ?? 'netif_rx'],
    flags: spec.flags ?? 0,
    dataref: spec.dataref ?? 1,
    dropReason: spec.dropReason ?? 0,
    location: spec.location ?? 0,
    skbIif: 0,
    protocol: spec.frame.src.includes(':') ? 0x86dd : 0x0800,
    linkType: spec.linkType ?? 1,
    vlan: spec.vlan ?? null,
    cpu: spec.cpu ?? 0,
    headers,
    l3Offset,
    l4Offset,
  };
}
