// Branded ids and times: a number that means nanoseconds cannot be passed where an ifindex is wanted.

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A network namespace: `c<cookie>` where the kernel has cookies (never reused), else `i<inum>`. */
export type NetnsId = Brand<string, 'NetnsId'>;

/** A device: `<NetnsId>/<ifindex>`. An ifindex alone names nothing. */
export type DeviceId = Brand<string, 'DeviceId'>;

/** Opaque, below 2^53. The same for every skb that shares one packet's data. */
export type PacketId = Brand<number, 'PacketId'>;

/** Opaque, below 2^53. Tells the clones of one packet apart. */
export type SkbId = Brand<number, 'SkbId'>;

/** Nanoseconds of CLOCK_MONOTONIC since `hello.clock.monotonicNs`. Exact: a number holds 104 days of them. */
export type TimeNs = Brand<number, 'TimeNs'>;

/** @param cookie decimal text, empty or `0` where the kernel has none */
export function netnsId(cookie: string, inum: number): NetnsId {
  return (cookie === '' || cookie === '0' ? `i${inum}` : `c${cookie}`) as NetnsId;
}

export function deviceId(netns: NetnsId, ifindex: number): DeviceId {
  return `${netns}/${ifindex}` as DeviceId;
}
