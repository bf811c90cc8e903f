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
  /** Device → its addresses, each with a prefix length: `{ eth0: ['172.17.0.2/16'] }`. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** As after `ip route add`: `default via 172.17.0.1`. */
  readonly routes?: readonly string[];
  /** Set before any device goes up: `{ 'net.ipv4.ip_forward': 1 }`. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  readonly firewall?: LabFirewall;
}

export interface LabBridge {
  readonly name: string;
  readonly mac?: string;
  /** Devices of the same namespace. */
  readonly ports?: readonly string[];
}

export interface LabWire {
  readonly a: LabWireEnd;
  readonly b: LabWireEnd;
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
