// The control frames: JSON, validated where they enter a process. Hop batches are in hop-batch.ts.
// PROTOCOL.md says in prose what each is for, who sends it and when.
import * as v from 'valibot';
import { EvidenceFrame } from './evidence.ts';
import { RECORD_BYTES, RECORD_FIELDS, STAGE } from './record-layout.ts';
import { Topology, TopologyChange } from './topology.ts';

/** Raised when a frame's meaning changes; a new frame or field does not raise it. */
export const PROTOCOL_VERSION = 1;

const uint = v.pipe(v.number(), v.integer(), v.minValue(0));
/** u64. A longer one would only cost time to read. */
const decimal = v.pipe(v.string(), v.regex(/^\d{1,20}$/));
/** When the capture sent it, in packet time (ns since `hello.clock.monotonicNs`). Capture alone fills it in; older ones did not. */
const sentNs = v.optional(v.pipe(v.number(), v.finite()));

/** Set when what follows is played from a file. */
export const PlayedRecording = v.object({
  /** When the recording began: ISO 8601, UTC. */
  created: v.string(),
  /** How the capture was filtered; empty = everything that Hopscope sees by default. */
  filter: v.string(),
  notes: v.string(),
  redacted: v.boolean(),
  /** Another one each time that it begins anew: all that came before is over. */
  play: v.string(),
  /** How fast whoever plays it was asked to: 1 = as it happened. */
  speed: v.optional(v.pipe(v.number(), v.finite())),
  /** Whether it was asked to begin anew at the end. */
  loop: v.optional(v.boolean()),
});
export type PlayedRecording = v.InferOutput<typeof PlayedRecording>;

export const Feature = v.object({
  name: v.string(),
  state: v.picklist(['on', 'off']),
  why: v.string(),
  mend: v.string(),
});
export type Feature = v.InferOutput<typeof Feature>;

export const Hello = v.object({
  type: v.literal('hello'),
  protocol: uint,
  agent: v.object({ version: v.string() }),
  host: v.object({ name: v.string(), kernel: v.string(), bootId: v.string() }),
  /** One instant on both clocks, in ns: wall time of a hop = wallNs + (its time - monotonicNs). */
  clock: v.object({ monotonicNs: decimal, wallNs: decimal }),
  record: v.object({
    bytes: uint,
    fields: v.array(
      v.object({ name: v.string(), kind: v.picklist(['u8', 'u16', 'u32', 'u64']), count: uint, offset: uint }),
    ),
  }),
  /** Stage number → tracepoint name. */
  stages: v.record(v.string(), v.string()),
  /** enum skb_drop_reason of the kernel the records come from. */
  dropReasons: v.record(v.string(), v.string()),
  features: v.array(Feature),
  /** Set for a practice host: what is drawn is not the machine itself. */
  lab: v.boolean(),
  /** Silence after which an exchange is over, in packet time, where it is not the default: whoever reads this judges alike. */
  timeoutMs: v.optional(v.pipe(v.number(), v.minValue(1))),
  recording: v.optional(PlayedRecording),
});
export type Hello = v.InferOutput<typeof Hello>;

export const TopologySnapshot = v.object({
  type: v.literal('topology'),
  version: uint,
  topology: Topology,
  t: sentNs,
});
export type TopologySnapshot = v.InferOutput<typeof TopologySnapshot>;

/** Applies to version - 1 and makes version. */
export const TopologyPatch = v.object({
  type: v.literal('topology-patch'),
  version: uint,
  changes: v.array(TopologyChange),
  t: sentNs,
});
export type TopologyPatch = v.InferOutput<typeof TopologyPatch>;

/** More names for `Hop.location`: index → `symbol+0xoffset`. Sent before the first batch that uses them. */
export const Locations = v.object({
  type: v.literal('locations'),
  names: v.record(v.string(), v.string()),
  t: sentNs,
});
export type Locations = v.InferOutput<typeof Locations>;

/**
 * Every record's fate, as totals since start: `seen = delivered + pending + Σ lost`.
 * Each process that passes it on adds what it lost itself and lowers `delivered` by the same.
 */
export const Ledger = v.object({
  type: v.literal('ledger'),
  seen: uint,
  delivered: uint,
  /** In the ring or a queue, neither delivered nor lost yet. */
  pending: uint,
  /** Stage → records: `ring-full`, `sampled-out`, `capture-queue`, `page-sampled`, `page-queue`, `recording`, `unreadable`. */
  lost: v.record(v.string(), uint),
  /** Packets forgotten early because the identity table was full. Their later hops are not lost, but carry another id. */
  identityFull: uint,
  /** Times the kernel skipped a program because it would have interrupted itself: events that were never records. */
  recursionMisses: uint,
  /**
   * One packet in this many is followed now, chosen at first sight; 1 = all. The rest is under `sampled-out` and `page-sampled`: the gateway
   * multiplies by what it chooses for the page.
   */
  sampledOneIn: v.pipe(uint, v.minValue(1)),
  /** The last one: the programs are detached and the ring is empty. */
  final: v.boolean(),
  t: sentNs,
});
export type Ledger = v.InferOutput<typeof Ledger>;

/**
 * Packets that passed the kernel filter, by device, as totals since start: exact, also when their records were left out or lost. Sent
 * only where somebody asked for it, and to the gateway alone: no page and no recording has it.
 */
export const DeviceCounts = v.object({
  type: v.literal('device-counts'),
  devices: v.array(
    v.object({
      /** Of the namespace. */
      inum: uint,
      ifindex: uint,
      /** Handed to the device: net_dev_start_xmit, which is what `ip -s link` calls TX. */
      sent: uint,
      /** Came in from it: netif_receive_skb, which is RX. */
      received: uint,
    }),
  ),
  /** Packets that are in none of them, because there were too many devices. */
  uncounted: uint,
  t: sentNs,
});
export type DeviceCounts = v.InferOutput<typeof DeviceCounts>;

/** Something the reader of the page or terminal should know, in one sentence. */
export const Notice = v.object({
  type: v.literal('notice'),
  level: v.picklist(['info', 'warning', 'error']),
  text: v.string(),
  t: sentNs,
});
export type Notice = v.InferOutput<typeof Notice>;

export const ServerFrame = v.variant('type', [
  Hello,
  TopologySnapshot,
  TopologyPatch,
  Locations,
  Ledger,
  EvidenceFrame,
  DeviceCounts,
  Notice,
]);
export type ServerFrame = v.InferOutput<typeof ServerFrame>;

/** page → gateway: credit. Every hop before `hop` has been taken in. */
export const Ack = v.object({ type: v.literal('ack'), hop: uint });
export type Ack = v.InferOutput<typeof Ack>;

export const ClientFrame = v.variant('type', [Ack]);
export type ClientFrame = v.InferOutput<typeof ClientFrame>;

/** The parts of `hello` that this build itself defines. */
export const RECORD_LAYOUT: Pick<Hello, 'protocol' | 'record' | 'stages'> = {
  protocol: PROTOCOL_VERSION,
  record: { bytes: RECORD_BYTES, fields: RECORD_FIELDS.map((field) => ({ ...field })) },
  stages: Object.fromEntries(Object.entries(STAGE).map(([name, value]) => [String(value), name])),
};

/** Why a reader of `hello` cannot go on, or null: this build reads records of exactly its own leading fields. */
export function whyIncompatible(hello: Hello): string | null {
  if (hello.protocol !== PROTOCOL_VERSION) {
    return `the agent speaks protocol ${hello.protocol}, this reader speaks ${PROTOCOL_VERSION}: use the same version of both`;
  }
  for (const own of RECORD_FIELDS) {
    const theirs = hello.record.fields.find((field) => field.name === own.name);
    if (
      theirs === undefined ||
      theirs.offset !== own.offset ||
      theirs.kind !== own.kind ||
      theirs.count !== own.count
    ) {
      return `the agent's record has another "${own.name}" field: use the same version of agent and reader`;
    }
  }
  return null;
}
