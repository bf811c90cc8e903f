// What a lab is made of, declared. Values are written as iproute2, sysctl and nft take them.

export interface LabTopology {
  readonly namespaces: readonly LabNamespace[];
  /** veth pairs; each end is made inside its namespace and set up. */
  readonly wires?: readonly LabWire[];
  /** Started last, in this order, and kept running in the background until the lab stops. */
  readonly traffic?: readonly LabTraffic[];
}

export interface LabNamespace {
  /** Unique in the lab: letters, digits, `_`, `.` and `-`, at most 32. */
  readonly name: string;
  /** It plays the machine itself: the one with the bridge and the uplink. */
  readonly host?: boolean;
  readonly bridges?: readonly LabBridge[];
  /**
   * Devices of other kinds → what follows `ip link add name NAME`: `{ vx0: 'type vxlan id 7 remote 10.0.0.2 dstport 4789 local 10.0.0.1' }`,
   * `{ mv0: 'link eth0 type macvlan mode bridge' }`. With `netns NAME` in it the device is made in that namespace of the lab.
   */
  readonly links?: Readonly<Record<string, string>>;
  /** Device → MTU in bytes. */
  readonly mtu?: Readonly<Record<string, number>>;
  /** Devices that stay down. */
  readonly down?: readonly string[];
  /** Device → its addresses, each with a prefix length: `{ eth0: ['172.17.0.2/16'] }`. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** As after `ip route add`: `default via 172.17.0.1`. */
  readonly routes?: readonly string[];
  /** As after `ip rule add`: `from 10.0.0.2 lookup 100`. */
  readonly rules?: readonly string[];
  /** As after `ip neigh replace`: `10.0.0.2 lladdr 02:00:00:00:00:02 dev eth0`. */
  readonly neighbours?: readonly string[];
  /** Set before any device goes up: `{ 'net.ipv4.ip_forward': 1 }`. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** As after `tc`, once the devices are up: `qdisc add dev eth0 clsact`. */
  readonly tc?: readonly string[];
  /** Device → the XDP program on it. */
  readonly xdp?: Readonly<Record<string, LabXdp>>;
  readonly firewall?: LabFirewall;
}

export interface LabBridge {
  readonly name: string;
  readonly mac?: string;
  /** Devices of the same namespace. */
  readonly ports?: readonly string[];
  /** As after `ip link add NAME type bridge`: `vlan_filtering 1`. The spanning tree protocol is off unless it says otherwise. */
  readonly options?: string;
  /** As after `bridge vlan add`: `dev p0 vid 10 pvid untagged`. */
  readonly vlans?: readonly string[];
}

/** A program of the lab's own: lets everything pass, drops everything, or drops ICMP and ICMPv6. */
export interface LabXdp {
  readonly program: 'pass' | 'drop' | 'drop-icmp';
  /** Default `native`. */
  readonly mode?: 'native' | 'generic';
}

/** Each end written as `namespace/device`, or in full where it needs a MAC address. */
export interface LabWire {
  readonly a: LabWireEnd | string;
  readonly b: LabWireEnd | string;
}

export interface LabWireEnd {
  readonly namespace: string;
  readonly name: string;
  readonly mac?: string;
}

/** The same rules for whichever tool works here: nft is tried first. */
export interface LabFirewall {
  /** A ruleset as `nft -f` takes it. */
  readonly nft?: string;
  /** Whole commands: `iptables -A FORWARD -j DROP`, `ip6tables …`. */
  readonly iptables?: readonly string[];
  /** Where no tool works the lab goes without these rules and says so in `Lab.notes`, instead of failing. */
  readonly optional?: boolean;
}

export interface LabTraffic {
  readonly namespace: string;
  readonly argv: readonly string[];
  /** Wait before the start, so that several programs of one rhythm do not beat at the same instant. Default 0. */
  readonly afterMs?: number;
}
