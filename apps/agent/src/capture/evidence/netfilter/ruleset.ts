// A namespace's firewall rules as far as they matter for the question "which of these dropped it?": from nft and from iptables alike.

export interface Ruleset {
  readonly chains: readonly Chain[];
}

export interface Chain {
  /** ip, ip6, inet, bridge, netdev, arp */
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly tool: 'nft' | 'iptables';
  /** Of the old xtables, which can have a chain of the same name beside one in nftables. */
  readonly isXtables?: boolean;
  /** Null: only jumped to. */
  readonly hook: string | null;
  /** Of netdev hooks; null = any. */
  readonly devices: readonly string[] | null;
  readonly policyDrops: boolean;
  /** What the policy decided about so far; null where it is not counted. */
  readonly policyPackets: number | null;
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** Tells it apart from others in its chain, for as long as the chain is not rewritten. */
  readonly key: string;
  readonly handle: number | null;
  /** As its tool prints it; null where that is still to be read. */
  readonly text: string | null;
  /** Null: it has no counter. */
  readonly packets: number | null;
  /** Its verdict, or one of several, is drop or reject. */
  readonly drops: boolean;
  /** Chains of the same table that it may go to. */
  readonly targets: readonly string[];
  /** All must hold for the rule to match; those that we cannot judge are left out. */
  readonly matches: readonly Match[];
}

export interface Match {
  readonly field: 'saddr' | 'daddr' | 'iifname' | 'oifname' | 'protocol';
  readonly negated: boolean;
  /** Addresses, prefixes as ADDRESS/LENGTH, interface names (a last * or + stands for the rest), protocol names. */
  readonly values: readonly string[];
}

export const chainKey = ({
  family,
  table,
  name,
  isXtables = false,
}: Pick<Chain, 'family' | 'table' | 'name' | 'isXtables'>) =>
  JSON.stringify(isXtables ? [family, table, name, 'xtables'] : [family, table, name]);
