// A declared topology → the shell scripts that build it. Pure.
//
// One script for everything that spans namespaces (they exist first, each end of a wire is made where it belongs),
// then one per namespace, run inside it. iproute2 gets batches: a process per command would take most of a second.
import { LabError } from './lab-error.ts';
import type { LabFirewall, LabNamespace, LabTopology, LabTraffic, LabWireEnd } from './topology.ts';

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

const HEREDOC_END = 'END_OF_LAB_INPUT';

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
  const ends = (topology.wires ?? []).flatMap((wire) => [wire.a, wire.b]);
  for (const { namespace } of [...ends, ...(topology.traffic ?? [])]) {
    if (!names.has(namespace)) throw contradiction(`there is no namespace "${namespace}"`);
  }
}

/** Makes the namespaces and the veth pairs between them. */
export function namespacesScript(topology: LabTopology): string {
  const lines = topology.namespaces.map(({ name }) => `netns add ${name}`);
  for (const [nth, { a, b }] of (topology.wires ?? []).entries()) {
    const ifindex = FIRST_WIRE_IFINDEX + 2 * nth;
    lines.push(`link add ${wireEnd(a, ifindex + 1)} type veth peer ${wireEnd(b, ifindex)}`);
  }
  return `mount -t tmpfs -o mode=755,size=1m hopscope-lab /run && mkdir /run/netns && ${ipBatch(lines)}`;
}

function wireEnd({ namespace, name, mac }: LabWireEnd, ifindex: number): string {
  return `name ${name} index ${ifindex} ${mac === undefined ? '' : `address ${mac} `}netns ${namespace}`;
}

/**
 * Leaves one sleeping process in the namespace, so that it can be found in /proc like a container's, and prints that
 * process's pid as the machine knows it: /proc is still the machine's own, so the shell finds its outer pid there.
 */
export function holderScript(namespace: string): string {
  const holder = 'read -r pid rest </proc/self/stat; echo "$pid"; exec sleep infinity >/dev/null 2>&1';
  return `echo "$(${inside(namespace)} sh -c '${holder}' &)"`;
}

/** Bridges, addresses, sysctls and routes of one namespace; every device ends up. */
export function namespaceScript(topology: LabTopology, namespace: LabNamespace, options: BuildOptions): string {
  const wanted = (text: string) => options.ipv6 || !text.includes(':');
  const before: string[] = [];
  const after: string[] = ['link set lo up'];
  for (const bridge of namespace.bridges ?? []) {
    before.push(`link add ${bridge.name} ${bridge.mac === undefined ? '' : `address ${bridge.mac} `}type bridge`);
    for (const port of bridge.ports ?? []) before.push(`link set ${port} master ${bridge.name}`);
  }
  for (const [device, addresses] of Object.entries(namespace.addresses ?? {})) {
    for (const address of addresses.filter(wanted))
      before.push(`addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
  }
  for (const device of devicesOf(topology, namespace)) after.push(`link set ${device} up`);
  for (const route of (namespace.routes ?? []).filter(wanted)) after.push(`route add ${route}`);
  const sysctls = Object.entries(namespace.sysctls ?? {})
    .filter(([name]) => options.ipv6 || !name.startsWith('net.ipv6.'))
    .map(
      ([name, value]) => `echo ${shellQuote(String(value))} >${shellQuote(`/proc/sys/${name.replaceAll('.', '/')}`)}`,
    );
  return [ipBatch(before), ...(options.ipv6 ? [NO_DUPLICATE_DETECTION] : []), ...sysctls, ipBatch(after)].join('\n');
}

function devicesOf(topology: LabTopology, namespace: LabNamespace): string[] {
  const ends = (topology.wires ?? []).flatMap((wire) => [wire.a, wire.b]);
  return [
    ...ends.filter((end) => end.namespace === namespace.name).map((end) => end.name),
    ...(namespace.bridges ?? []).map((bridge) => bridge.name),
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

function ipBatch(lines: readonly string[]): string {
  return lines.length === 0 ? 'true' : `ip -batch - ${heredoc(lines.join('\n'))}`;
}

function heredoc(text: string): string {
  return `<<'${HEREDOC_END}'\n${text}\n${HEREDOC_END}`;
}

function shellQuote(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function contradiction(what: string): LabError {
  return new LabError('ERR_TOPOLOGY', `the lab cannot be built: ${what}`);
}
