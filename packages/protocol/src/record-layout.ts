// Made from bpf/include/hop_record.h by scripts/generate-record-layout.mjs. Do not edit.

export const RECORD_BYTES = 224;

/** An offset inside `headers` that does not exist. */
export const NO_OFFSET = 0xffff;

export interface RecordField {
  readonly name: string;
  readonly kind: 'u8' | 'u16' | 'u32' | 'u64';
  /** 1 for a scalar. */
  readonly count: number;
  readonly offset: number;
}

export const RECORD_FIELDS: readonly RecordField[] = [
  { name: 'time_ns', kind: 'u64', count: 1, offset: 0 },
  { name: 'packet_id', kind: 'u64', count: 1, offset: 8 },
  { name: 'skb_id', kind: 'u64', count: 1, offset: 16 },
  { name: 'netns_cookie', kind: 'u64', count: 1, offset: 24 },
  { name: 'netns_inum', kind: 'u32', count: 1, offset: 32 },
  { name: 'ifindex', kind: 'u32', count: 1, offset: 36 },
  { name: 'len', kind: 'u32', count: 1, offset: 40 },
  { name: 'drop_reason', kind: 'u32', count: 1, offset: 44 },
  { name: 'drop_location', kind: 'u64', count: 1, offset: 48 },
  { name: 'ifname', kind: 'u8', count: 16, offset: 56 },
  { name: 'skb_iif', kind: 'u32', count: 1, offset: 72 },
  { name: 'stage', kind: 'u8', count: 1, offset: 76 },
  { name: 'flags', kind: 'u8', count: 1, offset: 77 },
  { name: 'dataref', kind: 'u16', count: 1, offset: 78 },
  { name: 'header_len', kind: 'u16', count: 1, offset: 80 },
  { name: 'l3_offset', kind: 'u16', count: 1, offset: 82 },
  { name: 'l4_offset', kind: 'u16', count: 1, offset: 84 },
  { name: 'protocol', kind: 'u16', count: 1, offset: 86 },
  { name: 'link_type', kind: 'u16', count: 1, offset: 88 },
  { name: 'vlan_tci', kind: 'u16', count: 1, offset: 90 },
  { name: 'vlan_proto', kind: 'u16', count: 1, offset: 92 },
  { name: 'cpu', kind: 'u16', count: 1, offset: 94 },
  { name: 'headers', kind: 'u8', count: 128, offset: 96 },
];

/** Byte offset of every field. */
export const OFFSET = {
  time_ns: 0,
  packet_id: 8,
  skb_id: 16,
  netns_cookie: 24,
  netns_inum: 32,
  ifindex: 36,
  len: 40,
  drop_reason: 44,
  drop_location: 48,
  ifname: 56,
  skb_iif: 72,
  stage: 76,
  flags: 77,
  dataref: 78,
  header_len: 80,
  l3_offset: 82,
  l4_offset: 84,
  protocol: 86,
  link_type: 88,
  vlan_tci: 90,
  vlan_proto: 92,
  cpu: 94,
  headers: 96,
} as const;

/** The same for what `headers` holds in a fib_table_lookup record. */
export const FIB_OFFSET = {
  table: 0,
  error: 4,
  oif: 8,
  family: 12,
  src: 16,
  dst: 32,
  gateway: 48,
} as const;

export const FIB_LOOKUP_BYTES = 64;

export const HEADERS_BYTES = 128;
export const IFNAME_BYTES = 16;

/** enum hop_stage: the kernel's tracepoint names. */
export const STAGE = {
  net_dev_queue: 1,
  net_dev_start_xmit: 2,
  netif_rx: 3,
  napi_gro_receive_entry: 4,
  netif_receive_skb_entry: 5,
  netif_receive_skb: 6,
  kfree_skb: 7,
  consume_skb: 8,
  fib_table_lookup: 9,
  icmp_send: 10,
} as const;

export type StageName = keyof typeof STAGE;

export const FLAG = {
  CLONED: 0x01,
  VLAN: 0x02,
  CUT: 0x04,
  FIRST: 0x08,
  LAST: 0x10,
  FROM_HERE: 0x20,
} as const;
