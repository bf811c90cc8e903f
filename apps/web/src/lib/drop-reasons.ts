// What the commonest drop reasons mean. The names are the kernel's own (the agent reads them from its type description); a
// reason that is not here is shown by its name alone.

const MEANING: Readonly<Record<string, string>> = {
  NETFILTER_DROP: 'A firewall rule discards it.',
  NO_SOCKET: 'No program was listening for it.',
  NEIGH_FAILED: 'Nobody answered for its next hop’s address.',
  NEIGH_QUEUEFULL: 'Too many packets wait for the next hop’s address.',
  NEIGH_DEAD: 'The next hop’s entry was just removed.',
  IP_INNOROUTES: 'There is no route to its destination.',
  IP_OUTNOROUTES: 'There is no route to its destination.',
  IP_NOPROTO: 'Nothing here handles its protocol.',
  IP_CSUM: 'Its IP checksum is wrong.',
  ICMP_CSUM: 'Its ICMP checksum is wrong.',
  IP_INHDR: 'Its IP header is malformed.',
  IP_RPFILTER: 'It came in on another interface than its answer would leave by.',
  IP_LOCAL_SOURCE: 'Its source address is this machine’s own.',
  OTHERHOST: 'It was addressed to another machine’s MAC address.',
  UNICAST_IN_L2_MULTICAST: 'It is for one host but came as a multicast.',
  PKT_TOO_BIG: 'It is larger than the next link allows.',
  PKT_TOO_SMALL: 'It is shorter than its headers say.',
  QDISC_DROP: 'The sending queue is full or its policy discards it.',
  CPU_BACKLOG: 'The receiving CPU’s backlog is full.',
  FULL_RING: 'The device’s ring is full.',
  NOMEM: 'The kernel had no memory for it.',
  TC_INGRESS: 'A traffic-control rule at the interface discards it.',
  TC_EGRESS: 'A traffic-control rule at the interface discards it.',
  XDP: 'An XDP program discards it.',
  DEV_READY: 'The device is not up.',
  SOCKET_RCVBUFF: 'The receiving program does not keep up.',
  IPV6DISABLED: 'IPv6 is switched off here.',
  VLAN_FILTER: 'The bridge does not let its VLAN pass.',
};

/** A sentence, or nothing when the name says all we know. */
export const explainDrop = (reason: string): string => MEANING[reason] ?? '';
