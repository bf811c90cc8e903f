// Exchanges as OpenTelemetry traces, in OTLP/JSON: one trace for each exchange, a root span for the whole, one for each device crossed;
// a drop is an error with an event. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

import type { Hello, NetnsId } from '@hopscope/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Crossing, Exchange, Journey } from '../exchange.ts';
import { safeJson } from './plain-text.ts';

export interface OtlpOptions {
  readonly hello: Hello;
  readonly titleOf: (netns: NetnsId) => string;
  /** ns since the epoch of packet time 0. */
  readonly epochNs: bigint;
  /** More attributes of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
}

type Value = string | number | boolean;

interface Attribute {
  readonly key: string;
  readonly value: { stringValue: string } | { intValue: string } | { boolValue: boolean };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events?: readonly { timeUnixNano: string; name: string; attributes: readonly Attribute[] }[];
  readonly status?: { code: 2; message: string };
}

export interface OtlpWriter {
  /** What the document begins with; spans follow, with commas between them, then `tail`. */
  readonly head: string;
  readonly tail: string;
  /** @param titleOf as the namespaces are called at this time @returns the JSON of each of its spans */
  spans(exchange: Exchange, titleOf: (netns: NetnsId) => string): string[];
}

/** For documents that are too long to be held as a whole. */
export function createOtlpWriter(options: Omit<OtlpOptions, 'titleOf'>): OtlpWriter {
  const { hello, resource } = options;
  const about = {
    'service.name': 'hopscope',
    'host.name': hello.host.name,
    'os.version': hello.host.kernel,
    ...resource,
  };
  const scope = { name: 'hopscope', version: hello.agent.version };
  const attributes = safeJson({ attributes: attributesOf(about) });
  return {
    head: `{"resourceSpans":[{"resource":${attributes},"scopeSpans":[{"scope":${safeJson(scope)},"spans":[`,
    tail: ']}]}]}',
    spans: (exchange, titleOf) => spansOf(exchange, { ...options, titleOf }).map(safeJson),
  };
}

/** The body of a POST to `/v1/traces`. The same exchange of the same capture always has the same trace id. */
export function exchangesToOtlp(exchanges: readonly Exchange[], options: OtlpOptions): string {
  const { head, tail, spans } = createOtlpWriter(options);
  return `${head}${exchanges.flatMap((exchange) => spans(exchange, options.titleOf)).join(',')}${tail}`;
}

function spansOf(exchange: Exchange, { hello, titleOf, epochNs }: OtlpOptions): Span[] {
  const wall = (t: number) => String(epochNs + BigInt(Math.round(t)));
  const seed = `${hello.host.bootId} ${hello.clock.monotonicNs} ${exchange.id}`;
  const traceId = idOf(seed, 16);
  const rootId = idOf(`${seed} root`, 8);
  const journeys = [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);
  const endNs = Math.max(...journeys.map((journey) => journey.endNs));
  const { drop } = exchange;
  const isBad = exchange.verdict === 'dropped' || exchange.verdict === 'error' || exchange.verdict === 'lost-sight';
  const root: Span = {
    traceId,
    spanId: rootId,
    name: `${exchange.kind} ${exchange.src} → ${exchange.dst}`,
    kind: 1,
    startTimeUnixNano: wall(exchange.startNs),
    endTimeUnixNano: wall(endNs),
    attributes: attributesOf({
      'network.transport': exchange.protocol,
      'network.type': exchange.family === 4 ? 'ipv4' : 'ipv6',
      'source.address': exchange.src,
      'destination.address': exchange.dst,
      ...(exchange.ports === null ? {} : { 'source.port': exchange.ports.src, 'destination.port': exchange.ports.dst }),
      'hopscope.verdict': exchange.verdict,
      'hopscope.join': exchange.join,
      'hopscope.incomplete': exchange.incomplete,
      ...(exchange.kind === 'echo'
        ? { 'hopscope.icmp.id': exchange.icmpId, 'hopscope.icmp.seq': exchange.icmpSeq }
        : {}),
    }),
    ...(isBad ? { status: { code: 2, message: drop?.reason ?? exchange.verdict } } : {}),
  };
  return [root, ...journeys.flatMap((journey) => journeySpans(journey))];

  function journeySpans(journey: Journey): Span[] {
    return journey.crossings.map((crossing, i): Span => {
      const isLast = i === journey.crossings.length - 1;
      // A hop lasts until the next one begins; the last one until the packet was last seen.
      const end = journey.crossings[i + 1]?.t ?? Math.max(journey.endNs, crossing.hops.at(-1)?.t ?? crossing.t);
      const dead = isLast ? journey.drop : null;
      return {
        traceId,
        spanId: idOf(`${seed} ${journey.id} ${i}`, 8),
        parentSpanId: rootId,
        name: `${titleOf(crossing.netns)}/${crossing.ifname} ${crossing.way}`,
        kind: 1,
        startTimeUnixNano: wall(crossing.t),
        endTimeUnixNano: wall(Math.max(end, crossing.t)),
        attributes: attributesOf(hopAttributes(journey, crossing)),
        ...(dead === null
          ? {}
          : {
              events: [
                {
                  timeUnixNano: wall(dead.t),
                  name: 'dropped',
                  attributes: attributesOf({
                    'hopscope.drop.reason': dead.reason,
                    'hopscope.drop.location': dead.location,
                    'network.interface.name': dead.ifname,
                  }),
                },
              ],
              status: { code: 2, message: dead.reason },
            }),
      };
    });
  }

  function hopAttributes(journey: Journey, { netns, netnsInum, ifname, way, join, packet }: Crossing) {
    return {
      'hopscope.direction': journey.direction,
      'hopscope.namespace': titleOf(netns),
      'hopscope.netns': netnsInum,
      'network.interface.name': ifname,
      'hopscope.way': way,
      'hopscope.join': join,
      'source.address': packet.src,
      'destination.address': packet.dst,
      'hopscope.ttl': packet.ttl,
    };
  }
}

function attributesOf(values: Readonly<Record<string, Value>>): Attribute[] {
  return Object.entries(values).map(([key, value]): Attribute => {
    if (typeof value === 'number') return { key, value: { intValue: String(value) } };
    return typeof value === 'boolean' ? { key, value: { boolValue: value } } : { key, value: { stringValue: value } };
  });
}

/** Hex, never all zero (which OpenTelemetry takes for none) but with a chance of one in 2^64. */
function idOf(text: string, bytes: number): string {
  const hash = sha256(new TextEncoder().encode(text)).subarray(0, bytes);
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
