// C1: 1,000 pings from container to container and 1,000 to the outside, through NAT. Every hop of every packet, and no hop of another.
//
// Three watch the same run: `perf record -e net:…` (truth), the assembler on a capture in this process, and `hopscope trace --json`. perf tells
// the packets apart by length (each run has its own) and by the skb's address, which a packet keeps from its first to its last hop here.
import { type Lab, PRACTICE_HOST, startLab } from '@hopscope/lab';
import type { Exchange, Join, Journey } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchangesOf, hopsOf, journeysOf, stageName, stagesOf } from './support/exchanges.ts';
import { parseJourneys, startTrace, type TracedJourney } from './support/hopscope-trace.ts';
import { startPerfRecord, type TimedPerfEvent } from './support/perf-record.ts';
import { whyNoPerf } from './support/perf-trace.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { pingIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const PINGS = 1000;
const RING_BYTES = 2 ** 26;
/** Odd, to be unlike anyone's choice; the two runs must not share a length, nor one with the other's MAC header (14). */
const FIRST_SIZE = 313 + 2 * Math.floor(Math.random() * 20);

interface Run {
  readonly name: string;
  readonly id: number;
  readonly size: number;
  readonly src: string;
  readonly dst: string;
  /** What the source address becomes on the way. */
  readonly translated: string;
  readonly join: Join;
  /** `namespace/interface way`, as the packet must cross them. */
  readonly request: readonly string[];
  readonly reply: readonly string[];
}

const RUNS: readonly Run[] = [
  {
    name: 'container to container',
    id: 4_711,
    size: FIRST_SIZE,
    src: '172.17.0.2',
    dst: '172.17.0.3',
    translated: '172.17.0.2',
    join: 'same-skb',
    request: ['web/eth0 out', 'host/veth4b1f2a0 in', 'host/veth9c07d3e out', 'db/eth0 in'],
    reply: ['db/eth0 out', 'host/veth9c07d3e in', 'host/veth4b1f2a0 out', 'web/eth0 in'],
  },
  {
    name: 'container to the outside through NAT',
    id: 4_712,
    size: FIRST_SIZE + 100,
    src: '172.17.0.2',
    dst: '198.51.100.9',
    translated: '192.0.2.2',
    join: 'nat',
    request: ['web/eth0 out', 'host/veth4b1f2a0 in', 'host/docker0 pass-in', 'host/eth0 out', 'outside/lan0 in'],
    reply: ['outside/lan0 out', 'host/eth0 in', 'host/docker0 out', 'host/veth4b1f2a0 out', 'web/eth0 in'],
  },
];

/** The tracepoints of each way through a device, in order. A bridge hands a packet up without netif_rx. */
const STAGES_OF_WAY: Readonly<Record<string, readonly string[]>> = {
  out: ['net_dev_queue', 'net_dev_start_xmit'],
  in: ['netif_rx', 'netif_receive_skb'],
  'pass-in': ['netif_receive_skb_entry', 'netif_receive_skb'],
};

const TRACEPOINTS = [...new Set(Object.values(STAGES_OF_WAY).flat())];

function stagesOfWay(steps: readonly string[]): string[] {
  return steps.flatMap((step) => {
    const [place = '', way = ''] = step.split(' ');
    return (STAGES_OF_WAY[way] ?? []).map((stage) => `${place} ${stage}`);
  });
}

/** skb->len on the way in and on the way out. */
const lengthsOf = ({ size }: Run) => [size + 28, size + 28 + 14];

/** perf knows no namespace: interface and stage. */
const withoutNamespace = (steps: readonly string[]) => steps.map((step) => step.slice(step.indexOf('/') + 1));

/** perf's events of one skb, cut where a packet is whole: the next one may use the same skb. */
function packetsOfPerf(events: readonly TimedPerfEvent[], whole: readonly string[]): string[] {
  const texts: string[] = [];
  const current = new Map<string, string>();
  for (const { skb, ifname, stage } of events) {
    const before = current.get(skb);
    const text = before === undefined ? `${ifname} ${stage}` : `${before}, ${ifname} ${stage}`;
    if (whole.includes(text)) {
      texts.push(text);
      current.delete(skb);
    } else current.set(skb, text);
  }
  return [...texts, ...current.values()];
}

/** perf's event of each hop: the first, second, … of one length at one place are the first, second, … there for both. */
function eventsOfHops(hops: readonly Hop[], events: readonly TimedPerfEvent[]): Map<Hop, TimedPerfEvent> {
  const ofPlace = new Map<string, TimedPerfEvent[]>();
  for (const event of [...events].sort((a, b) => a.t - b.t)) {
    const place = `${event.ifname} ${event.stage} ${event.len}`;
    const its = ofPlace.get(place);
    if (its === undefined) ofPlace.set(place, [event]);
    else its.push(event);
  }
  const found = new Map<Hop, TimedPerfEvent>();
  for (const hop of [...hops].sort((a, b) => a.t - b.t)) {
    const event = ofPlace.get(`${hop.ifname} ${stageName(hop)} ${hop.len}`)?.shift();
    if (event === undefined) expect.fail(`perf has no event for the hop at ${hop.ifname}, ${stageName(hop)}`);
    found.set(hop, event);
  }
  expect([...ofPlace].filter(([, left]) => left.length > 0)).toEqual([]);
  return found;
}

/** Here a packet keeps its skb from its first hop to its last. */
function severalSkbs({ crossings, id }: Journey, eventOf: ReadonlyMap<Hop, TimedPerfEvent>): string[] {
  const skbs = new Set(crossings.flatMap(({ hops }) => hops.map((hop) => eventOf.get(hop)?.skb)));
  return skbs.size === 1 ? [] : [`journey ${id}: ${[...skbs].join(', ')}`];
}

/** How many of each. */
function tally(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

describeUnless(
  whyNotRoot(),
  whyNoPrograms(),
  whyNoPerf(),
)(`C1: ${PINGS} pings to a container and ${PINGS} to the outside`, () => {
  let lab: Lab;
  let exchanges: readonly Exchange[];
  let events: readonly TimedPerfEvent[];
  let told: ReturnType<typeof parseJourneys>;

  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  beforeAll(async () => {
    lab = await startLab({ ...PRACTICE_HOST, traffic: [] });
    expect(lab.notes).toEqual([]);
    // Neighbours and the bridge's table are learned by pings that nobody looks at.
    for (const { dst } of RUNS) await pingIn(lab, 'web', '-c', '1', dst);
    const inums = lab.namespaces.map(({ inum }) => inum);
    const perf = await startPerfRecord(TRACEPOINTS, RUNS.flatMap(lengthsOf));
    const trace = await startTrace(
      '--json',
      '--buffer',
      '65536',
      ...inums.flatMap((inum) => ['--filter-netns', String(inum)]),
    );
    const recorder = startRecorder({ netns: inums, ringBytes: RING_BYTES });
    try {
      for (const { id, size, dst } of RUNS) {
        await pingIn(lab, 'web', '-e', `${id}`, '-c', `${PINGS}`, '-i', '0.002', '-s', `${size}`, dst);
      }
    } finally {
      events = await perf.stop();
      await trace.untilJourneys(2 * PINGS * RUNS.length);
      told = parseJourneys((await trace.stop()).stdout);
      exchanges = exchangesOf(recorder.stop());
    }
  });
  afterAll(() => lab?.stop());

  test.each(RUNS)('$name', (run) => {
    const [request, reply] = [stagesOfWay(run.request), stagesOfWay(run.reply)];

    // The truth is what is written down above.
    const seen = events.filter(({ len }) => lengthsOf(run).includes(len));
    const [there = '', back = ''] = [request, reply].map((steps) => withoutNamespace(steps).join(', '));
    expect(tally(packetsOfPerf(seen, [there, back]))).toEqual({ [there]: PINGS, [back]: PINGS });

    // One exchange for each ping, each with exactly these hops.
    const its = exchanges.filter(({ icmpId }) => icmpId === run.id);
    expect(its.map(({ icmpSeq }) => icmpSeq)).toEqual(Array.from({ length: PINGS }, (_, i) => i + 1));
    expect(tally(its.map(({ verdict, join }) => `${verdict} ${join}`))).toEqual({ [`replied ${run.join}`]: PINGS });
    expect(tally(its.map((one) => stagesOf(one.request, nameOf).join(', ')))).toEqual({ [request.join(', ')]: PINGS });
    expect(tally(its.map((one) => stagesOf(one.reply, nameOf).join(', ')))).toEqual({ [reply.join(', ')]: PINGS });

    // As many hops as perf has events, at the same places.
    const hops = its.flatMap(hopsOf);
    const eventOf = eventsOfHops(hops, seen);
    // No hop of another packet: by number, length, addresses, and by perf's skb.
    const wrong = its.flatMap((exchange) =>
      journeysOf(exchange).flatMap((journey) => [
        ...wrongHops(journey, exchange, run),
        ...severalSkbs(journey, eventOf),
      ]),
    );
    expect(wrong).toEqual([]);

    // The product says the same. Under load it leaves out whole journeys, and says so.
    const journeys = told.journeys.filter(({ id }) => id === run.id);
    const path = (steps: readonly string[]) => steps.map((step) => step.replace('pass-in', 'in')).join(', ');
    const textOf = ({ kind, verdict, join, path: places }: TracedJourney) =>
      `${kind} ${verdict} ${join}: ${places.map((one) => `${nameOf(one.netns)}/${one.ifname} ${one.way}`).join(', ')}`;
    const counts = tally(journeys.map(textOf));
    const whole = new Set(journeys.map(({ exchange, seq }) => `${exchange} ${seq}`)).size;
    expect(counts).toEqual({
      [`request delivered ${run.join}: ${path(run.request)}`]: whole,
      [`reply delivered ${run.join}: ${path(run.reply)}`]: whole,
    });
    if (told.missed === 0) expect(whole).toBe(PINGS);
    expect(whole).toBeGreaterThan(0);

    recordScore('C1', run.name, {
      pings: PINGS,
      'packets with exactly the expected hops': its.length * 2,
      'hops equal to perf’s events': hops.length,
      'told by hopscope trace': whole,
      'wrong joins': wrong.length,
    });
  });
});

/** Hops that do not belong to this ping: another number, length or address than it has there, NAT taken into account. */
function wrongHops(journey: Journey, exchange: Exchange, run: Run): string[] {
  const out = journey.direction === 'request';
  return journey.crossings.flatMap(({ packet, netnsInum, ifname, hops }) => {
    const [client, server] = out ? [packet.src, packet.dst] : [packet.dst, packet.src];
    const right =
      packet.icmp?.id === run.id &&
      packet.icmp.seq === exchange.icmpSeq &&
      server === run.dst &&
      [run.src, run.translated].includes(client) &&
      hops.every(({ len }) => lengthsOf(run).includes(len));
    return right ? [] : [`${netnsInum} ${ifname} ${JSON.stringify(packet)}`];
  });
}
