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

/**
 * Commands for `nft -i`, a line each. The tables belong to the process that made them (flags owner): the kernel takes them away with it.
 * @param devices that have netdev rules of their own
 */
export function traceTableCommands(traffic: TracedTraffic, devices: readonly string[]): string[] {
  const matches = conditions(traffic);
  const chain = (family: string, name: string, hook: string, priority: number) => [
    `add chain ${family} ${TRACE_TABLE} ${name} { type filter hook ${hook} priority ${priority}; policy accept; }`,
    ...matches.map((match) => `add rule ${family} ${TRACE_TABLE} ${name} ${match} meta nftrace set 1`),
  ];
  const table = (family: string) => `add table ${family} ${TRACE_TABLE} { flags owner; }`;
  const plain = devices.filter((device) => PLAIN_NAME.test(device));
  return [
    ...['inet', 'bridge'].flatMap((family) => [
      table(family),
      ...['prerouting', 'output'].flatMap((hook) => chain(family, hook, hook, PRIORITY)),
    ]),
    ...(plain.length === 0 ? [] : [table('netdev')]),
    ...plain.flatMap((device, n) => chain('netdev', `in${n}`, `ingress device "${device}"`, NETDEV_PRIORITY)),
  ];
}
