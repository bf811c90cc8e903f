// Devices and namespaces in words. Pure.
import type { Address, Link, Namespace, NamespaceName } from '@hopscope/protocol';
import { bestRoute } from './gateways.ts';
import type { DeviceNode, NamespaceNode } from './graph.ts';

export interface Tag {
  readonly text: string;
  readonly tone: 'plain' | 'bad';
}

export interface DeviceWords {
  readonly kind: string;
  /** Second line: an address, a port, or why there is neither. The fullest first, for who has less room. */
  readonly details: readonly string[];
  readonly tags: readonly Tag[];
  readonly isDown: boolean;
  /** Everything, one fact a line. */
  readonly full: string;
}

const USUAL_MTU = 1500;

/** @param gatewayOf how many namespaces have it as their default gateway */
export function describeDevice(device: DeviceNode, gatewayOf = 0): DeviceWords {
  const { link } = device;
  const state = stateOf(link);
  const tags: Tag[] = [];
  if (state !== 'up') tags.push({ text: state, tone: 'bad' });
  // Where there is room for one alone, the remote end says more than the MTU, which follows from it.
  if (link.vxlanRemote !== '') tags.push({ text: `→ ${link.vxlanRemote}`, tone: 'plain' });
  if (link.kind !== 'loopback' && link.mtu !== USUAL_MTU) tags.push({ text: `mtu ${link.mtu}`, tone: 'plain' });
  if (gatewayOf > 0) tags.push({ text: `gw of ${gatewayOf}`, tone: 'plain' });
  return {
    kind: kindOf(link),
    details: detailsOf(device),
    tags,
    isDown: state !== 'up',
    full:
      fullText(device, state) +
      (gatewayOf === 0 ? '' : `\ndefault gateway of ${gatewayOf} namespace${gatewayOf === 1 ? '' : 's'}`),
  };
}

function kindOf(link: Link): string {
  if (link.vlanId > 0) return `vlan ${link.vlanId}`;
  if (link.kind === 'vxlan') return `vxlan ${link.vxlanId}`;
  return link.kind === 'physical' ? 'ethernet' : link.kind;
}

/** What the state means to someone who looks for a lost packet. */
function stateOf(link: Link): 'up' | 'down' | 'no carrier' | 'peer down' {
  if (!link.up) return 'down';
  if (link.operstate === 'lowerlayerdown') return 'peer down';
  if (link.operstate === 'down') return 'no carrier';
  return 'up';
}

function detailsOf(device: DeviceNode): string[] {
  const { link, master, port } = device;
  const addresses = globalAddresses(link);
  const first = addresses.find((each) => each.family === 4) ?? addresses[0];
  if (first !== undefined) {
    const more = addresses.length > 1 ? ` +${addresses.length - 1}` : '';
    const text = `${first.address}/${first.prefix}`;
    return [`${text}${more}`, text, first.address];
  }
  if (master !== null && master.shape === 'bridge') {
    const state = link.portState === '' || link.portState === 'forwarding' ? '' : ` · ${link.portState}`;
    return [`port ${port}${state}`];
  }
  if (master !== null) return [`in ${master.link.name}`];
  return [device.shape === 'bridge' || link.up ? 'no address' : ''];
}

/** Link-local addresses are everywhere and say nothing. */
function globalAddresses(link: Link): Address[] {
  return link.addresses.filter((each) => each.scope !== 'link' && each.scope !== 'host');
}

function fullText(device: DeviceNode, state: string): string {
  const { link } = device;
  const lines = [
    `${link.name} (${link.kind}), ifindex ${link.ifindex}`,
    `state: ${link.up ? 'up' : 'down'}${link.operstate === '' ? '' : `, ${link.operstate}`}${state === 'up' ? '' : ` (${state})`}`,
    `mtu ${link.mtu}`,
  ];
  if (link.mac !== '' && link.kind !== 'loopback') lines.push(`mac ${link.mac}`);
  if (device.master !== null) {
    lines.push(
      `port ${device.port} of ${device.master.link.name}${link.portState === '' ? '' : `, ${link.portState}`}`,
    );
  }
  if (link.vlanId > 0) lines.push(`vlan ${link.vlanId}`);
  if (link.kind === 'vxlan') lines.push(`vxlan ${link.vxlanId}, remote ${link.vxlanRemote || 'none'}`);
  for (const each of link.addresses)
    lines.push(`${each.address}/${each.prefix}${each.scope === 'global' ? '' : ` (${each.scope})`}`);
  return lines.join('\n');
}

export interface NamespaceWords {
  readonly title: string;
  /** Image and project, or where the name comes from. */
  readonly subtitle: string;
  /** `netns 4026532258` */
  readonly inum: string;
  readonly idle: string;
  readonly full: string;
}

const SOURCES: Readonly<Record<NamespaceName['source'], string>> = {
  docker: 'docker',
  podman: 'podman',
  containerd: 'containerd',
  crio: 'cri-o',
  lab: 'practice host',
  netns: 'ip netns',
  process: 'process',
  own: '',
  inum: 'no name known',
};

export function describeNamespace(node: NamespaceNode): NamespaceWords {
  const { namespace, idle } = node;
  const [name, ...others] = namespace.names;
  const parts = [name?.image, name?.project, name && SOURCES[name.source]].filter((part) => part);
  const idleNames = idle.map((link) => link.name).join(', ');
  return {
    title: name?.text ?? String(namespace.inum),
    subtitle: parts.join(' · '),
    inum: `netns ${namespace.inum}`,
    idle: idle.length === 0 ? '' : `not in use: ${idleNames}`,
    full: [
      `${name?.text ?? ''} (${parts.join(', ') || 'this machine'})`,
      `network namespace ${namespace.inum}`,
      ...others.map((other) => `also ${other.text} (${SOURCES[other.source]})`),
      ...(idle.length === 0 ? [] : [`not in use: ${idleNames}`]),
    ].join('\n'),
  };
}

/** Gateway of the best default route, IPv4 first; empty when there is none. */
export const defaultGateway = (namespace: Namespace): string =>
  bestRoute({ ...namespace, defaultRoutes: namespace.defaultRoutes.filter(({ gateway }) => gateway !== '') })
    ?.gateway ?? '';
