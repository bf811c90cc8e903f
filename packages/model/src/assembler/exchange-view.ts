// One exchange as it is shown: its journeys, its verdict, its round-trip time.
import type { TimeNs } from '@hopscope/protocol';
import { type Exchange, type ExchangeVerdict, JOINS, type Journey, type Tuple } from '../exchange.ts';
import type { ExchangeState, JourneyDraft } from './exchange-state.ts';
import { buildJourney, type JourneyContext, type JourneyView } from './journey-view.ts';
import { quotesRequest } from './key-index.ts';
import { firstCrossing } from './pair.ts';
import { isSameFace, type Sighting } from './segment.ts';

export function buildExchange(
  state: ExchangeState,
  dropReasons: Readonly<Record<string, string>>,
  locations: ReadonlyMap<number, string>,
): Exchange {
  const { request, reply, errors } = state.draft;
  const origin = request === null ? null : firstCrossing(request);
  const shared = { dropReasons, locations, final: state.final, incomplete: state.incomplete };
  const view = (draft: JourneyDraft, more: Pick<JourneyContext, 'answered' | 'origin'>): JourneyView =>
    buildJourney(draft, { ...shared, ...more });

  const requestView = request && view(request, { answered: reply !== null, origin: null });
  const replyView = reply && view(reply, { answered: false, origin });
  const errorViews = errors.map((error) =>
    view(error, { answered: false, origin: originOfQuoted(error, request, reply) }),
  );
  const verdict = state.draft.ambiguous ? 'ambiguous' : judge(requestView, replyView, errorViews, state.final);
  const views = [requestView, replyView, ...errorViews].filter((one) => one !== null);

  return {
    id: state.id,
    ...subjectOf(state, origin),
    startNs: Math.min(...views.map((one) => one.journey.startNs)) as TimeNs,
    request: requestView?.journey ?? null,
    reply: replyView?.journey ?? null,
    errors: errorViews.map((one) => one.journey),
    tuples: views.flatMap(tuplesOf),
    isOtherWayBack: requestView && replyView && verdict === 'replied' ? isOtherWay(requestView, replyView) : null,
    join: JOINS.findLast((join) => views.some(({ journey }) => journey.join === join)) ?? JOINS[0],
    verdict,
    rttNs: verdict === 'replied' && requestView && replyView ? roundTripNs(requestView.journey, replyView) : null,
    drop: views.find((one) => one.journey.drop !== null)?.journey.drop ?? null,
    incomplete: state.incomplete,
  };
}

/** Where the packet that an error quotes was first seen: there the error is awaited. */
function originOfQuoted(
  error: JourneyDraft,
  request: JourneyDraft | null,
  reply: JourneyDraft | null,
): Sighting | null {
  const quoted = quotesRequest(firstCrossing(error).packet) ? request : reply;
  return quoted === null ? null : firstCrossing(quoted);
}

/** ICMP redirect (IPv4 type 5): a word to the sender; the packet that it quotes went on. */
const REDIRECT = 5;

function judge(
  request: JourneyView | null,
  reply: JourneyView | null,
  errors: readonly JourneyView[],
  final: boolean,
): ExchangeVerdict {
  if (reply !== null && hasCome(reply)) return 'replied';
  if (errors.some((error) => hasCome(error) && !isRedirect(error))) return 'error';
  if (reply?.journey.verdict === 'dropped' || request?.journey.verdict === 'dropped') return 'dropped';
  return final ? 'lost-sight' : 'in-flight';
}

function hasCome({ journey, hasReturned }: JourneyView): boolean {
  return journey.verdict === 'delivered' || (hasReturned && journey.verdict !== 'dropped');
}

function isRedirect({ walk }: JourneyView): boolean {
  const packet = walk.sightings[0]?.packet;
  return packet?.family === 4 && packet.icmp?.type === REDIRECT;
}

/** First hop of the request to the last of the reply on a device: what becomes of the skb afterwards is the reader's time. */
function roundTripNs(request: Journey, reply: JourneyView): number {
  const last = reply.walk.sightings.findLast((one) => one.way !== null);
  return (last?.hop.t ?? reply.journey.endNs) - request.startNs;
}

/** One for each change of addresses on the way. */
function tuplesOf({ journey, walk }: JourneyView): Tuple[] {
  const tuples: Tuple[] = [];
  let before: Sighting | null = null;
  for (const sighting of walk.sightings) {
    const { hop, packet, way } = sighting;
    if (way === null && journey.crossings.length > 0) continue;
    if (packet.kind === 'fragment' || (before !== null && isSameFace(before.packet, packet))) continue;
    before = sighting;
    const { src, dst, icmp, ports } = packet;
    tuples.push({ direction: journey.direction, src, dst, icmpId: icmp?.id ?? null, ports, device: hop.device });
  }
  return tuples;
}

/** Whether the reply crossed other devices than the request did, in the opposite order. */
function isOtherWay(request: JourneyView, reply: JourneyView): boolean {
  const out = devicesOf(request.journey);
  const back = devicesOf(reply.journey).reverse();
  return out.length !== back.length || out.some((device, i) => device !== back[i]);
}

/** Each device once, where it was crossed in both ways at one go (a bridge, a loopback). */
function devicesOf({ crossings }: Journey): string[] {
  const devices = crossings.map(({ device }) => device as string);
  return devices.filter((device, i) => device !== devices[i - 1]);
}

type Subject = Pick<Exchange, 'kind' | 'protocol' | 'family' | 'src' | 'dst' | 'icmpId' | 'icmpSeq' | 'ports'>;

/** Whose exchange it is: the request's addresses, read off the reply or the error when the request was not seen. */
function subjectOf(state: ExchangeState, origin: Sighting | null): Subject {
  const { reply, errors } = state.draft;
  const other = reply ?? errors[0];
  const seen = origin ?? (other === undefined ? null : firstCrossing(other));
  if (seen === null) throw new Error('an exchange has at least one journey');
  const { family, src, dst, icmp, quoted, protocol } = seen.packet;
  const common = { kind: 'echo', protocol, family, ports: null } as const;
  if (origin !== null) return { ...common, src, dst, icmpId: icmp?.id ?? 0, icmpSeq: icmp?.seq ?? 0 };
  if (quoted?.icmp == null) return { ...common, src: dst, dst: src, icmpId: icmp?.id ?? 0, icmpSeq: icmp?.seq ?? 0 };
  const ends = quotesRequest(seen.packet) ? { src: quoted.src, dst: quoted.dst } : { src: quoted.dst, dst: quoted.src };
  return { ...common, ...ends, icmpId: quoted.icmp.id, icmpSeq: quoted.icmp.seq };
}
