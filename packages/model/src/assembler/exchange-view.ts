// One exchange as it is shown: its journeys, its verdict, its round-trip time.
import type { TimeNs } from '@hopscope/protocol';
import { type Exchange, type ExchangeVerdict, JOINS, type Journey, type Tuple } from '../exchange.ts';
import type { Packet, Quoted } from '../packet.ts';
import type { ExchangeState, JourneyDraft } from './exchange-state.ts';
import { buildJourney, type JourneyView } from './journey-view.ts';
import { kindOfQuoted } from './key-index.ts';
import { firstCrossing } from './pair.ts';
import { isSameFace, type Sighting } from './segment.ts';
import { isOtherWay } from './way-back.ts';

export function buildExchange(
  state: ExchangeState,
  dropReasons: Readonly<Record<string, string>>,
  locations: ReadonlyMap<number, string>,
): Exchange {
  const { request, reply, errors } = state.draft;
  const origin = request === null ? null : firstCrossing(request);
  const { final, incomplete, isHome, isQuiet } = state;
  const view = (draft: JourneyDraft, answered: boolean, origin: Sighting | null): JourneyView => {
    const whole = wholeOf(draft);
    return buildJourney(draft, { dropReasons, locations, final, incomplete, isHome, isQuiet, answered, origin, whole });
  };
  const wholeOf = (draft: JourneyDraft): Journey | null => {
    const whole = draft.members.at(-1)?.segment.mergedInto?.exchange;
    if (whole == null || whole === state) return null;
    whole.view ??= buildExchange(whole, dropReasons, locations);
    return whole.view.request;
  };

  const requestView = request && view(request, reply !== null, null);
  const replyView = reply && view(reply, false, origin);
  const errorViews = errors.map((error) => view(error, false, originOfQuoted(error, request, reply)));
  const verdict = state.draft.ambiguous ? 'ambiguous' : judge(requestView, replyView, errorViews, final);
  const views = [requestView, replyView, ...errorViews].filter((one) => one !== null);

  return {
    id: state.id,
    ...subjectOf(state, origin),
    startNs: Math.min(...views.map((one) => one.journey.startNs)) as TimeNs,
    request: requestView?.journey ?? null,
    reply: replyView?.journey ?? null,
    errors: errorViews.map((one) => one.journey),
    tuples: views.flatMap(tuplesOf),
    isOtherWayBack:
      requestView && replyView && verdict === 'replied' && !state.incomplete
        ? isOtherWay(requestView.journey, replyView.journey)
        : null,
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
  const { quoted } = firstCrossing(error).packet;
  const about = quoted !== null && kindOfQuoted(quoted) === 'reply' ? reply : request;
  return about === null ? null : firstCrossing(about);
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
  if (request?.journey.verdict === 'delivered' && isData(request)) return 'delivered';
  return final ? 'lost-sight' : 'in-flight';
}

function hasCome({ journey, hasReturned }: JourneyView): boolean {
  return journey.verdict === 'delivered' || (hasReturned && journey.verdict !== 'dropped');
}

/** Nothing is awaited from it. */
function isData({ walk }: JourneyView): boolean {
  return walk.sightings[0]?.packet.kind === 'data';
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

/** Each set of addresses once, in order of time. */
function tuplesOf({ journey, walk }: JourneyView): Tuple[] {
  const tuples: Tuple[] = [];
  const seen: Packet[] = [];
  for (const { hop, packet, way } of walk.sightings) {
    if (way === null && journey.crossings.length > 0) continue;
    if (packet.kind === 'fragment' || seen.some((one) => isSameFace(one, packet))) continue;
    seen.push(packet);
    const { src, dst, kind, icmp, ports } = packet;
    const icmpId = kind === 'error' ? null : (icmp?.id ?? null);
    tuples.push({ direction: journey.direction, src, dst, icmpId, ports, device: hop.device });
  }
  return tuples;
}

type Subject = Pick<Exchange, 'kind' | 'protocol' | 'family' | 'src' | 'dst' | 'icmpId' | 'icmpSeq' | 'ports'>;

/** Whose exchange it is: the request's addresses, read off the reply or the error when the request was not seen. */
function subjectOf(state: ExchangeState, origin: Sighting | null): Subject {
  const { reply, errors } = state.draft;
  const other = reply ?? errors[0];
  const seen = origin ?? (other === undefined ? null : firstCrossing(other));
  if (seen === null) throw new Error('an exchange has at least one journey');
  const { packet } = seen;
  const { quoted } = packet;
  if (packet.kind === 'error' && quoted !== null) {
    return kindOfQuoted(quoted) === 'reply' ? mirrored(quoted, packet.family) : subject(quoted, packet.family);
  }
  return packet.kind === 'reply' || packet.kind === 'error'
    ? mirrored(packet, packet.family)
    : subject(packet, packet.family);
}

function subject({ protocol, src, dst, icmp, ports }: Packet | Quoted, family: 4 | 6): Subject {
  const kind = protocol === 'udp' || protocol === 'tcp' ? protocol : 'echo';
  return { kind, protocol, family, src, dst, icmpId: icmp?.id ?? 0, icmpSeq: icmp?.seq ?? 0, ports };
}

/** Of a reply: its request went the other way. */
function mirrored(reply: Packet | Quoted, family: 4 | 6): Subject {
  return { ...subject(reply, family), src: reply.dst, dst: reply.src };
}
