// A declared topology → the shell scripts that build it. Pure.
//
// One script for everything that spans namespaces (they exist first, each end of a wire is made where it belongs),
// then two per namespace, run inside it: its devices, and when all have theirs, what is set on them. iproute2 gets
// batches: a process per command would take most of a second.
import { LabError } from './lab-error.ts';
import { NAMESPACE_MARK } from './running-labs.ts';
import { heredoc, ipBatch, shellQuote, sysctlScript } from './shell.ts';
import type { LabFirewall, LabNamespace, LabTopology, LabTraffic, LabWireEnd } from './topology.ts';
import { xdpScript } from './xdp.ts';

/** Where the namespaces are mounted: only the lab's own mount namespace sees it. */
const netnsFile = (namespace: string) => `/run/netns/${namespace}`;

/**
 * The ends of a wire get unlike numbers, as Docker's have: where both are "2", the kernel (linkwatch_urgent_event)
 * mistakes the veth for a physical device and its IPv6 stays silent for up to a second.
 */
const FIRST_WIRE_IFINDEX = 11;

/**
 * So that IPv6 works at once: `nodad` does it for the declared addresses, this for the link-local ones, without which
 * a router resolves no neighbour for its first two seconds.
 */
const NO_DUPLICATE_DETECTION = 'for file in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >"$file"; done';

export interface BuildOptions {
  /** False on a machine booted without IPv6: its addresses, routes and sysctls are left out. */
  readonly ipv6: boolean;
}

/** @throws LabError `ERR_TOPOLOGY` when the declaration contradicts itself */
export function checkTopology(topology: LabTopology): void {
  const names = new Set<string>();
  for (const { name } of topology.namespaces) {
    if (!/^\w[\w.-]{0,31}$/.test(name)) throw contradiction(`"${name}" is no name for a namespace`);
    if (names.has(name)) throw contradiction(`two namespaces are named "${name}"`);
    names.add(name);
  }
  for (const { namespace } of [...wireEnds(topology), ...(topology.traffic ?? [])]) {
    if (!names.has(namespace)) throw contradiction(`there is no namespace "${namespace}"`);
  }
}

/** Programs that the declaration needs besides what every lab does. */
export function neededTools(topology: LabTopology): string[] {
  const tools = (topology.traffic ?? []).map(({ argv }) => argv[0] ?? '');
  for (const { tc, xdp, bridges } of topology.namespaces) {
    if (tc !== undefined) tools.push('tc');
    if (xdp !== undefined) tools.push('clang');
    if (bridges?.some(({ vlans }) => vlans !== undefined)) tools.push('bridge');
  }
  return tools;
}

function wireEnds(topology: LabTopology): LabWireEnd[] {
  return (topology.wires ?? []).flatMap(({ a, b }) => [wireEndOf(a), wireEndOf(b)]);
}

function wireEndOf(end: LabWireEnd | string): LabWireEnd {
  if (typeof end !== 'string') return end;
  const [namespace = '', name = '', rest] = end.split('/');
  if (namespace === '' || name === '' || rest !== undefined) {
    throw contradiction(`"${end}" is no end of a wire: write namespace/device`);
  }
  return { namespace, name };
}

/** Makes the namespaces and the veth pairs between them. */
export function namespacesScript(topology: LabTopology): string {
  const lines = topology.namespaces.map(({ name }) => `netns add ${name}`);
  for (const [nth, { a, b }] of (topology.wires ?? []).entries()) {
    const ifindex = FIRST_WIRE_IFINDEX + 2 * nth;
    lines.push(
      `link add ${wireEndArgs(wireEndOf(a), ifindex + 1)} type veth peer ${wireEndArgs(wireEndOf(b), ifindex)}`,
    );
  }
  // -n: else mount makes a folder of its own in the machine's /run first.
  return `mount -n -t tmpfs -o mode=755,size=1m hopscope-lab /run && mkdir /run/netns && ${ipBatch(lines)}`;
}

function wireEndArgs({ namespace, name, mac }: LabWireEnd, ifindex: number): string {
  return `name ${name} index ${ifindex} ${mac === undefined ? '' : `address ${mac} `}netns ${namespace}`;
}

/**
 * Leaves one sleeping process in the namespace, so that it can be found in /proc like a container's, and prints that
 * process's pid as the machine knows it: /proc is still the machine's own, so the shell finds its outer pid there.
 */
export function holderScript(namespace: string): string {
  const holder = 'read -r pid rest </proc/self/stat; echo "$pid"; exec sleep infinity >/dev/null 2>&1';
  return `echo "$(${NAMESPACE_MARK}=${namespace} ${inside(namespace)} sh -c '${holder}' &)"`;
}

/** The bridges and other devices of one namespace; answers '' when it has none. */
export function devicesScript(namespace: LabNamespace): string {
  const lines: string[] = [];
  for (const { name, mac, options = '' } of namespace.bridges ?? []) {
    lines.push(`link add ${name} ${mac === undefined ? '' : `address ${mac} `}type bridge ${options}`.trimEnd());
  }
  for (const [name, kind] of Object.entries(namespace.links ?? {})) lines.push(`link add name ${name} ${kind}`);
  return lines.length === 0 ? '' : ipBatch(lines);
}

/** What is set on the devices of one namespace; every device ends up unless it is declared down. */
export function namespaceScript(topology: LabTopology, namespace: LabNamespace, options: BuildOptions): string {
  const wanted = (text: string) => options.ipv6 || !text.includes(':');
  const wantedOf = (lines: readonly string[] = []) => lines.filter(wanted);
  const before: string[] = [];
  const after: string[] = ['link set lo up'];
  for (const bridge of namespace.bridges ?? []) {
    for (const port of bridge.ports ?? []) before.push(`link set ${port} master ${bridge.name}`);
  }
  for (const [device, mtu] of Object.entries(namespace.mtu ?? {})) before.push(`link set ${device} mtu ${mtu}`);
  for (const [device, addresses] of Object.entries(namespace.addresses ?? {})) {
    for (const address of wantedOf(addresses))
      before.push(`addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
  }
  for (const device of devicesOf(topology, namespace)) {
    if (!namespace.down?.includes(device)) after.push(`link set ${device} up`);
  }
  // A neighbour's own MAC address has colons, too.
  for (const neighbour of namespace.neighbours ?? []) {
    if (wanted(neighbour.split(' ')[0] ?? '')) after.push(`neigh replace ${neighbour}`);
  }
  for (const route of wantedOf(namespace.routes)) after.push(`route add ${route}`);
  for (const rule of wantedOf(namespace.rules)) after.push(`rule add ${rule}`);
  const sysctls = Object.entries(namespace.sysctls ?? {})
    .filter(([name]) => options.ipv6 || !name.startsWith('net.ipv6.'))
    .map(([name, value]) => sysctlScript(name, value));
  return [
    ipBatch(before),
    ...(options.ipv6 ? [NO_DUPLICATE_DETECTION] : []),
    ...sysctls,
    ipBatch(after),
    ...(namespace.bridges ?? []).flatMap(({ vlans = [] }) => vlans.map((vlan) => `bridge vlan add ${vlan}`)),
    ...(namespace.tc ?? []).map((arguments_) => `tc ${arguments_}`),
    ...Object.entries(namespace.xdp ?? {}).map(([device, xdp]) => xdpScript(device, xdp)),
  ].join('\n');
}

function devicesOf(topology: LabTopology, namespace: LabNamespace): string[] {
  return [
    ...wireEnds(topology)
      .filter((end) => end.namespace === namespace.name)
      .map((end) => end.name),
    ...(namespace.bridges ?? []).map((bridge) => bridge.name),
    ...topology.namespaces.flatMap(({ name: maker, links = {} }) =>
      Object.entries(links)
        .filter(([, kind]) => (/\bnetns (\S+)/.exec(kind)?.[1] ?? maker) === namespace.name)
        .map(([name]) => name),
    ),
  ];
}

/** The scripts that set these rules, best first: the first that works is enough. */
export function firewallScripts(firewall: LabFirewall): string[] {
  const scripts: string[] = [];
  if (firewall.nft !== undefined) scripts.push(`nft -f - ${heredoc(firewall.nft)}`);
  if (firewall.iptables !== undefined) scripts.push(firewall.iptables.join(' && '));
  return scripts;
}

/** Starts one program in the background. */
export function trafficScript({ namespace, argv, afterMs = 0 }: LabTraffic): string {
  const delayed = `sh -c 'sleep "$1"; shift; exec "$@"' sh ${afterMs / 1000}`;
  return `${inside(namespace)} ${delayed} ${argv.map(shellQuote).join(' ')} </dev/null >/dev/null 2>&1 &`;
}

/** A whole script run by a shell in the namespace; it stops at the first failure. */
export function scriptInside(namespace: string, script: string): string {
  return `${inside(namespace)} sh -e -c ${shellQuote(script)}`;
}

function inside(namespace: string): string {
  return `nsenter --net=${netnsFile(namespace)} --`;
}

function contradiction(what: string): LabError {
  return new LabError('ERR_TOPOLOGY', `the lab cannot be built: ${what}`);
}
