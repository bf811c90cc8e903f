// The commands that make nft tell what happens to the packets that are followed, and to no others.
export interface TracedTraffic {
  readonly protocols?: readonly string[];
  readonly ports?: readonly number[];
}

const TRACE_TABLE = 'hopscope_trace';

/** Before connection tracking and every ordinary raw rule. */
const PRIORITY = -450;
const NETDEV_PRIORITY = -500;
/** Only such names go into a command: a name may hold anything but a slash and a space. */
const PLAIN_NAME = /^[\w.-]{1,15}$/;

/** Conditions for each kind of packet. */
function conditions({ protocols = ['icmp', 'icmp6'], ports = [] }: TracedTraffic): string[] {
  return protocols.flatMap((protocol) => {
    if (protocol === 'icmp') return ['icmp type { echo-request, echo-reply }'];
    if (protocol === 'icmp6') return ['icmpv6 type { echo-request, echo-reply }'];
    if (protocol !== 'udp' && protocol !== 'tcp') return [];
    if (ports.length === 0) return [`meta l4proto ${protocol}`];
    return ['sport', 'dport'].map((side) => `${protocol} ${side} { ${ports.join(', ')} }`);
  });
}

const tableCommand = (family: string) => `add table ${family} ${TRACE_TABLE} { flags owner; }`;

function chainCommands(traffic: TracedTraffic, family: string, name: string, hook: string, priority: number): string[] {
  return [
    `add chain ${family} ${TRACE_TABLE} ${name} { type filter hook ${hook} priority ${priority}; policy accept; }`,
    ...conditions(traffic).map((match) => `add rule ${family} ${TRACE_TABLE} ${name} ${match} meta nftrace set 1`),
  ];
}

/**
 * Commands for `nft -i`, a line each, for all but netdev rules. The tables belong to the process that made them (flags owner): the kernel
 * takes them away with it.
 */
export function traceTableCommands(traffic: TracedTraffic): string[] {
  return ['inet', 'bridge'].flatMap((family) => [
    tableCommand(family),
    ...['prerouting', 'output'].flatMap((hook) => chainCommands(traffic, family, hook, hook, PRIORITY)),
  ]);
}

/** The same for the rules at one device, the `nth` of its namespace; none for a name that is not plain. */
export function traceDeviceCommands(traffic: TracedTraffic, device: string, nth: number): string[] {
  if (!PLAIN_NAME.test(device)) return [];
  return [
    tableCommand('netdev'),
    ...chainCommands(traffic, 'netdev', `in${nth}`, `ingress device "${device}"`, NETDEV_PRIORITY),
  ];
}
