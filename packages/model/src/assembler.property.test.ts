import type { Hop } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createAssembler } from './assembler.ts';
import { type Exchange, JOINS, type Journey } from './exchange.ts';
import { exchangesOf } from './test-assemble.ts';
import { dropReasons } from './test-trace.ts';
import { buildWorld, isAnsweredByError, type Ping, type TruthHop } from './test-world.ts';

// Each takes a second or so; a busy machine may take ten.
vi.setConfig({ testTimeout: 60_000 });

const ping = (more: Partial<fc.RecordConstraints> & { fragments?: boolean } = {}): fc.Arbitrary<Ping> =>
  fc
    .record({
      what: fc.constantFrom('echo' as const, 'udp' as const, 'tcp' as const),
      error: fc.boolean(),
      silent: fc.boolean(),
      tunnel: fc.boolean(),
      pair: fc.nat(3),
      startUs: fc.nat(400),
      stepUs: fc.double({ min: 0.2, max: 9, noNaN: true }),
      to: fc.constantFrom('server' as const, 'outside' as const, 'self' as const),
      family: fc.constantFrom(4 as const, 6 as const),
      seq: fc.nat(1),
      expandAt: fc.option(fc.nat(3), { freq: 2 }),
      rebuildAt: fc.option(fc.nat(3), { freq: 2 }),
      nat: fc.boolean(),
      neighbourClone: fc.boolean(),
      sniffer: fc.boolean(),
      flood: fc.boolean(),
      fragments:
        more.fragments === false ? fc.constant(0) : fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3)),
      dropAt: fc.option(fc.nat(3), { freq: 3 }),
      cpu: fc.nat(3),
    })
    .map((one) => ({ ...one, expandAt: one.rebuildAt === null ? one.expandAt : null }));

const pings = (max: number, more = {}): fc.Arbitrary<Ping[]> => fc.array(ping(more), { minLength: 1, maxLength: max });

function assemble(hops: readonly Hop[], missed = 0): Exchange[] {
  const assembler = createAssembler({ dropReasons });
  for (const hop of hops) assembler.add(hop);
  assembler.noteMissed(missed);
  return exchangesOf(assembler);
}

const truthOf = (world: readonly TruthHop[], journey: Journey | null): string[] => {
  const hops = [...(journey?.crossings.flatMap((one) => one.hops) ?? [])];
  if (journey?.drop) hops.push(journey.drop.hop);
  return [...new Set(hops.map((hop) => world[hop.index]?.truth ?? 'unknown'))];
};

/** What must be the same whatever order the hops came in: all but the ids. */
const essence = (exchanges: readonly Exchange[]): string[] =>
  exchanges
    .map(({ request, reply, errors, verdict, rttNs, startNs, incomplete, drop, ...one }) =>
      [
        `${one.src} ${one.dst} ${one.icmpId}.${one.icmpSeq} ${verdict} ${rttNs} ${startNs} ${incomplete} ${drop?.hop.index}`,
        ...[request, reply, ...errors].map((journey) =>
          journey === null
            ? 'none'
            : `${journey.verdict} ${journey.join} ${journey.packets} ${journey.startNs} ${journey.endNs}: ${journey.crossings
                .map(
                  (crossing) =>
                    `${crossing.ifname} ${crossing.way} ${crossing.join} ${crossing.hops.map((hop) => hop.index)}`,
                )
                .join(', ')}`,
        ),
      ].join(' | '),
    )
    .sort();

/** Nothing of two packets in one journey, nothing of two pings in one exchange, every join with a reason. */
function expectNoWrongJoin(world: readonly TruthHop[], exchanges: readonly Exchange[], pairsMayFail = false): void {
  for (const exchange of exchanges) {
    const request = truthOf(world, exchange.request);
    const reply = truthOf(world, exchange.reply);
    expect(request.length, `one packet: ${request}`).toBeLessThanOrEqual(1);
    expect(reply.length, `one packet: ${reply}`).toBeLessThanOrEqual(1);
    if (exchange.request) expect(request[0]?.[0] ?? 'q').toBe('q');
    const isHonest = exchange.verdict === 'ambiguous' || (pairsMayFail && exchange.incomplete);
    if (request[0] && reply[0] && !isHonest) expect(reply[0].slice(1)).toBe(request[0].slice(1));
    for (const error of exchange.errors) {
      const quoting = truthOf(world, error);
      expect(quoting.length, `one packet: ${quoting}`).toBeLessThanOrEqual(1);
      if (request[0] && quoting[0] && !isHonest) expect(quoting[0].slice(1)).toBe(request[0].slice(1));
    }
    for (const journey of [exchange.request, exchange.reply]) {
      for (const crossing of journey?.crossings ?? []) expect(JOINS).toContain(crossing.join);
    }
  }
}

const trueVerdict = (one: Ping): Exchange['verdict'] => {
  if (one.dropAt !== null && one.dropAt < (one.to === 'self' ? 2 : 4))
    return isAnsweredByError(one) ? 'error' : 'dropped';
  if (one.what === 'echo') return 'replied';
  // What left by the uplink, or was taken in silence, is under way until the time-out.
  return one.to === 'outside' || one.silent ? 'in-flight' : 'delivered';
};

const lonely = (one: Ping): Ping => ({ ...one, pair: 0, startUs: 0 });

describe('with every hop', () => {
  it('one ping, datagram or segment is one exchange with the whole path and the true verdict', () => {
    fc.assert(
      fc.property(ping().map(lonely), (one) => {
        const world = buildWorld([one], { sharedHost: true });
        const exchanges = assemble(world.map(({ hop }) => hop));
        expect(exchanges).toHaveLength(1);
        expectNoWrongJoin(world, exchanges);
        const [exchange] = exchanges as [Exchange];
        expect(exchange.verdict).toBe(trueVerdict(one));
        const crossed = [exchange.request, exchange.reply, ...exchange.errors].flatMap(
          (journey) => journey?.crossings.flatMap((each) => each.hops) ?? [],
        );
        const all = world.filter(({ hop }) => hop.stage <= 6);
        expect(crossed).toHaveLength(all.length);
      }),
      { numRuns: 62 },
    );
  });

  it('packets with the same addresses, ids and sequence numbers in several places at once are never mixed up', () => {
    fc.assert(
      fc.property(pings(8), fc.boolean(), (several, sharedHost) => {
        const world = buildWorld(several, { sharedHost });
        expectNoWrongJoin(world, assemble(world.map(({ hop }) => hop)));
      }),
      { numRuns: 125 },
    );
  });

  it('places of their own are enough: nothing is left ambiguous between pairs that share no namespace', () => {
    const plain = pings(4).map((several) =>
      several.map((one, i): Ping => ({ ...one, pair: i, to: 'server', rebuildAt: null, fragments: 0 })),
    );
    fc.assert(
      fc.property(plain, fc.boolean(), (several, sharedHost) => {
        const world = buildWorld(several, { sharedHost });
        const exchanges = assemble(world.map(({ hop }) => hop));
        expect(exchanges).toHaveLength(several.length);
        expectNoWrongJoin(world, exchanges);
        const verdicts = exchanges.map(({ verdict }) => verdict).sort();
        expect(verdicts).toEqual(several.map(trueVerdict).sort());
      }),
      { numRuns: 62 },
    );
  });

  // Where NAT gives the skb other data and other headers at once, only the skb tells; the assembler remembers its last two users, and a
  // hop that comes later than a third is left unjoined. That is weaker and not wrong, so it is left out here.
  const knownByMore = (one: Ping): Ping => (one.nat && one.expandAt === 3 ? { ...one, expandAt: 2 } : one);

  it('the order in which CPUs report makes no difference', () => {
    fc.assert(
      fc.property(
        pings(5).map((several) => several.map(knownByMore)),
        fc.boolean(),
        fc.array(fc.nat(30_000), { minLength: 8, maxLength: 40 }),
        (several, sharedHost, jitter) => {
          const world = buildWorld(several, { sharedHost });
          const hops = world.map(({ hop }) => hop);
          const late = (hop: Hop): number => hop.t + (jitter[hop.index % jitter.length] ?? 0);
          const shuffled = [...hops].sort((a, b) => late(a) - late(b));
          expect(essence(assemble(shuffled))).toEqual(essence(assemble(hops)));
        },
      ),
      { numRuns: 125 },
    );
  });

  it('hops that come twice make no difference', () => {
    fc.assert(
      fc.property(pings(4), fc.infiniteStream(fc.boolean()), (several, twice) => {
        const hops = buildWorld(several, { sharedHost: true }).map(({ hop }) => hop);
        const doubled = hops.flatMap((hop) => (twice.next().value ? [hop, hop] : [hop]));
        expect(essence(assemble(doubled))).toEqual(essence(assemble(hops)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('with hops missing', () => {
  const kept = fc.array(fc.boolean(), { minLength: 20, maxLength: 120 });
  const isKept = (hop: Hop, pattern: readonly boolean[]): boolean => pattern[hop.index % pattern.length] === true;

  it('packets are never mixed up, and exchanges say that they are incomplete', () => {
    fc.assert(
      fc.property(pings(6, { fragments: false }), fc.boolean(), kept, (several, sharedHost, pattern) => {
        const world = buildWorld(several, { sharedHost });
        const hops = world.map(({ hop }) => hop).filter((hop) => isKept(hop, pattern));
        const exchanges = assemble(hops, world.length - hops.length);
        expectNoWrongJoin(world, exchanges, true);
        if (hops.length < world.length) for (const exchange of exchanges) expect(exchange.incomplete).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  it('nor are they when the loss is told now and then, as the ledger does', () => {
    fc.assert(
      fc.property(
        pings(6, { fragments: false }),
        fc.boolean(),
        kept,
        fc.integer({ min: 1, max: 60 }),
        (several, sharedHost, pattern, every) => {
          const world = buildWorld(several, { sharedHost });
          const assembler = createAssembler({ dropReasons });
          let missed = 0;
          for (const [i, { hop }] of world.entries()) {
            if (isKept(hop, pattern)) assembler.add(hop);
            else missed++;
            if (i % every !== 0 && i < world.length - 1) continue;
            assembler.noteMissed(missed);
            missed = 0;
          }
          expectNoWrongJoin(world, exchangesOf(assembler), true);
        },
      ),
      { numRuns: 250 },
    );
  });
});
