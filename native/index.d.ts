/**
 * Contract 2: the addon's API.
 *
 * Everything here runs with privilege, in the capture process (`lockDown` excepted: the gateway calls it
 * to give its privilege up). No kernel address crosses this boundary: `drain` replaces the address in
 * `drop_location` by an index into `locationNames`.
 *
 * Every call on a closed Capture or Inventory, except `close`, throws `Error` with `code: 'ERR_CLOSED'`.
 * Wrong argument types throw `TypeError`.
 */

export interface CaptureOptions {
  /** Ring buffer size in bytes: a power of two, at least 65536. Default 8 MiB. */
  readonly ringBytes?: number;
  /** Only these network namespaces (inode numbers) pass the kernel filter. Default: all. 1 to 1024 of them. */
  readonly netns?: readonly number[];
  /** Only the device of this name passes the kernel filter. Default: all. */
  readonly ifname?: string;
  /**
   * Which packets pass the kernel filter. Default: `['icmp', 'icmp6']`, which are echoes and the errors that quote one; with `udp` or `tcp`
   * also the errors that quote such a packet. Packets inside of VXLAN, Geneve, GRE, IPIP, SIT and ip6tnl count as what they carry.
   */
  readonly protocols?: readonly ('icmp' | 'icmp6' | 'udp' | 'tcp')[];
  /** Of UDP and TCP, only those with one of these as source or destination port. Default: all. 1 to 16 of them. */
  readonly ports?: readonly number[];
  /** Attach in this way only. Default: `tp_btf`, and `raw_tp` (dearer per record) when the kernel refuses it. */
  readonly attach?: 'tp_btf' | 'raw_tp';
  /**
   * Called on this environment's own thread when records wait after a quiet time or above the watermark.
   * It is a hint, not one call per record: drain until 0, then go on draining on a timer until the ring
   * has been quiet for `quietMs`; after that the next record calls again.
   */
  readonly onReadable?: () => void;
}

/** How a kernel feature or program stands: on, or off with the true reason and what would mend it. */
export interface Feature {
  /** For example `btf`, `tp_btf`, `raw_tp`, or a tracepoint's name such as `netif_rx`. */
  readonly name: string;
  readonly state: 'on' | 'off';
  /** Empty when on. */
  readonly why: string;
  /** A command or sentence that mends it; empty when on or when nothing does. */
  readonly mend: string;
}

/** Totals since open. All of them only grow. `seen = submitted + ringFull + sampledOut` at every instant between two records. */
export interface CaptureCounters {
  /** Records the kernel filter let through. */
  readonly seen: number;
  /** Records that found no room in the ring, per CPU. */
  readonly ringFullPerCpu: readonly number[];
  /** Sum of ringFullPerCpu. */
  readonly ringFull: number;
  /** Records of packets that were chosen, at first sight, not to be followed, because more came than can be taken in. */
  readonly sampledOut: number;
  /** Records handed out by `drain`. */
  readonly drained: number;
  /** Packets forgotten early because the identity table was full: their later hops carry another packet_id. */
  readonly identityFull: number;
  /** Packets missing from `deviceCounters` because too many devices were seen (1,024 slots per CPU and stage). */
  readonly deviceFull: number;
  /** Programs the kernel skipped because they would have re-entered themselves. */
  readonly recursionMisses: number;
}

/** Exact count of filtered packets at one device and stage, also when their records found no room. */
export interface DeviceCounter {
  readonly netnsInum: number;
  readonly ifindex: number;
  /** enum hop_stage */
  readonly stage: number;
  readonly packets: number;
  readonly bytes: number;
}

export interface Capture {
  /**
   * Fills `buffer` with whole records (HOP_RECORD_BYTES each) and returns the bytes written, 0 when the ring is
   * empty. Throws `RangeError` when the buffer is shorter than one record.
   */
  drain(buffer: Uint8Array): number;
  counters(): CaptureCounters;
  /**
   * Follow at most one packet in `oneIn` (a power of two, 1 to 65,536) from its first sight on; request, reply and errors of one echo share
   * their fate. The kernel side follows fewer by itself while the ring fills up. What is under way stays as it was chosen.
   */
  setSampling(oneIn: number): void;
  /** One packet in this many is followed now: the larger of `setSampling` and what the ring's fill level asks for. */
  sampledOneIn(): number;
  deviceCounters(): DeviceCounter[];
  /** Which programs are on, which are off and why. */
  features(): Feature[];
  /**
   * Names (symbol+0xoffset) of drop locations `from`, `from + 1`, … as seen so far; index 0 is never used.
   * A location that kallsyms cannot name is `''`.
   */
  locationNames(from: number): string[];
  /**
   * Detaches the programs; what is in the ring can still be drained and every counter read. A second call does nothing.
   */
  detach(): void;
  /** Detaches and frees everything. A second call does nothing. */
  close(): void;
}

/**
 * Loads and attaches the programs.
 * @throws Error with `code` `ERR_NO_BTF`, `ERR_NO_PRIVILEGE`, `ERR_KERNEL` (a needed feature is missing or was refused) or
 *   `ERR_SYSTEM`, and a one-line message naming the true cause and the fix.
 */
export function openCapture(options?: CaptureOptions): Capture;

/** Milliseconds of silence after which the kernel side wakes the reader for the next record. */
export const quietMs: number;

/** `enum skb_drop_reason` of the running kernel, from its BTF: value → name without `SKB_DROP_REASON_`. Empty before 5.17. */
export function dropReasons(): Record<number, string>;

/** libbpf's version, for `--version`: for example "1.1". */
export function libbpfVersion(): string;

export interface AddressFacts {
  readonly family: 4 | 6;
  /** Text form, without the prefix length. */
  readonly address: string;
  readonly prefix: number;
  /** `global`, `link`, `host`, `site`, or the number. */
  readonly scope: string;
}

export interface LinkFacts {
  readonly ifindex: number;
  readonly name: string;
  /** IFLA_INFO_KIND (`veth`, `bridge`, `vlan`, `vxlan`, `macvlan`, `tun`, …), else `loopback` or `physical`. */
  readonly kind: string;
  /** ARPHRD_* */
  readonly type: number;
  /** `aa:bb:…`, empty when the device has none. */
  readonly mac: string;
  readonly mtu: number;
  /** IFF_UP */
  readonly up: boolean;
  /** `up`, `down`, `lowerlayerdown`, `unknown`, … as `ip link` prints it, in lower case. */
  readonly operstate: string;
  /** ifindex of the bridge or bond it is plugged into, in the same namespace; 0 = none. */
  readonly master: number;
  /** Bridge port state (`disabled`, `listening`, `learning`, `forwarding`, `blocking`); empty when not a port. */
  readonly portState: string;
  /** IFLA_LINK: the other end of a veth, or the device below a VLAN, macvlan or VXLAN; 0 = none. */
  readonly peerIfindex: number;
  /** inum of the namespace `peerIfindex` is in; 0 = unknown or gone. */
  readonly peerNetnsInum: number;
  readonly addresses: readonly AddressFacts[];
  /** For a `vlan`: its id; else 0. */
  readonly vlanId: number;
  /** For a `vxlan`: its id, and its remote address or group (empty = learned). */
  readonly vxlanId: number;
  readonly vxlanRemote: string;
}

export interface RouteFacts {
  readonly family: 4 | 6;
  /** Text form; empty for a route without a gateway. */
  readonly gateway: string;
  readonly ifindex: number;
  readonly metric: number;
}

export interface NamespaceFacts {
  readonly inum: number;
  /** SO_NETNS_COOKIE as decimal text; empty where the kernel has none. */
  readonly cookie: string;
  /** The namespace this process is in. */
  readonly own: boolean;
  /** Where it was found, for example `/run/netns/blue` or `/run/docker/netns/1f2e…`; without /proc paths. */
  readonly paths: readonly string[];
  /** Processes in it at the last search, lowest pid first, at most 64. The end of the first one is a reason to search. */
  readonly pids: readonly number[];
  readonly links: readonly LinkFacts[];
  readonly defaultRoutes: readonly RouteFacts[];
}

export interface Inventory {
  /**
   * Something unknown was seen (a hop from a namespace or device not in the last snapshot): look now.
   * Cheap to call often: at most one look is queued.
   */
  discover(): void;
  /** Stops the thread and waits for it. No callback after it returns. A second call does nothing. */
  close(): void;
}

export interface InventoryOptions {
  /** Called on this environment's own thread with the full state: once at the start, then after every change. */
  readonly onSnapshot: (namespaces: NamespaceFacts[]) => void;
  /** A part that does not work here and what is lost by it, in one sentence. Never fatal. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Starts watching every network namespace from a thread of its own. Event-driven, no polling. An open inventory does not
 * keep the process alive, and is not collected before it is closed. What a callback throws is an uncaught exception.
 * @throws Error with `code` `ERR_NO_PRIVILEGE` or `ERR_SYSTEM`.
 */
export function openInventory(options: InventoryOptions): Inventory;

/**
 * Gives up every privilege of this process, for good, on all of its threads: groups, gid, uid, capabilities, then no_new_privs and a
 * seccomp filter that refuses what an unprivileged web server never needs (bpf, ptrace, setns, unshare, mount, execve, …).
 * Files that this process inherited and nobody marked for it (without FD_CLOEXEC; 0 to 3 excepted) are closed.
 * It refuses when an io_uring is open: start Node without UV_USE_IO_URING.
 * @throws RangeError when an id is 0: that would be no loss of privilege.
 * @throws Error with `code` `ERR_SYSTEM` when any part failed; the caller must then exit.
 */
export function lockDown(identity: { uid: number; gid: number }): void;
