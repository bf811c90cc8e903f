// What the inventory knows of one network namespace: the same shapes as the addon's NamespaceFacts (native/index.d.ts),
// written down again because this package may not import the addon. tests/contract holds both against each other.

export interface AddressFacts {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: number;
  readonly scope: string;
}

export interface LinkFacts {
  readonly ifindex: number;
  readonly name: string;
  readonly kind: string;
  /** ARPHRD_* */
  readonly type: number;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly operstate: string;
  /** ifindex; 0 = none. */
  readonly master: number;
  readonly portState: string;
  /** 0 = none. */
  readonly peerIfindex: number;
  /** 0 = unknown or gone. */
  readonly peerNetnsInum: number;
  readonly addresses: readonly AddressFacts[];
  readonly vlanId: number;
  readonly vxlanId: number;
  readonly vxlanRemote: string;
}

export interface RouteFacts {
  readonly family: 4 | 6;
  readonly gateway: string;
  readonly ifindex: number;
  readonly metric: number;
}

export interface NamespaceFacts {
  readonly inum: number;
  /** Decimal text; empty where the kernel has none. */
  readonly cookie: string;
  /** The namespace the capture process is in. */
  readonly own: boolean;
  readonly paths: readonly string[];
  readonly pids: readonly number[];
  readonly links: readonly LinkFacts[];
  readonly defaultRoutes: readonly RouteFacts[];
}
