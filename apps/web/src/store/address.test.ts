import { netnsId } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { STRETCHES } from '../lib/stretch.ts';
import { type PageAddress, PLAIN_ADDRESS, readAddress, writeAddress } from './address.ts';

const anExchange = fc.record({ packet: fc.nat(), wallUs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }) });
const anAddress: fc.Arbitrary<PageAddress> = fc
  .record({
    filter: fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !/\p{Surrogate}/u.test(text)),
    exchange: fc.option(anExchange),
    other: fc.option(anExchange),
    tab: fc.constantFrom('exchanges', 'paths'),
    pace: fc.option(fc.constantFrom(...STRETCHES)),
    isPaused: fc.boolean(),
    atMs: fc.option(fc.nat(1e15 - 1)),
    range: fc.option(fc.record({ fromMs: fc.nat(1e12), toMs: fc.integer({ min: 1e12 + 1, max: 1e15 - 1 }) })),
    view: fc.option(
      fc.record({
        scale: fc.integer({ min: 20, max: 9999 }).map((thousandths) => thousandths / 1000),
        x: fc.integer({ min: -99_999, max: 99_999 }),
        y: fc.integer({ min: -99_999, max: 99_999 }),
      }),
    ),
    folded: fc.array(
      fc.nat(1e9).map((cookie) => netnsId(String(cookie), 4026531840)),
      { maxLength: 20 },
    ),
  })
  .map((address) => ({ ...address, other: address.exchange === null ? null : address.other }));

describe('the address', () => {
  it('is empty while nothing was changed', () => {
    expect(writeAddress(PLAIN_ADDRESS)).toBe('');
    expect(readAddress('')).toEqual(PLAIN_ADDRESS);
  });

  it('can be read', () => {
    const exchange = { packet: 8812, wallUs: 1763847231123456 };
    const written = writeAddress({ ...PLAIN_ADDRESS, filter: 'container == "web"', exchange, isPaused: true });
    expect(written).toBe('#filter=container+==+"web"&exchange=8812@1763847231123456&paused=1');
  });

  it('gives back what was written', () => {
    fc.assert(
      fc.property(anAddress, (address) => {
        expect(readAddress(writeAddress(address))).toEqual(address);
      }),
    );
  });

  test.each([
    ['exchange=1', 'no time'],
    ['exchange=-1@5', 'negative'],
    ['exchange=99999999999999999@1', 'too large'],
    ['exchange=1@2@3', 'too many'],
    ['exchange=__proto__', 'words'],
    ['view=NaN,1,1', 'no number'],
    ['view=0,1,1', 'magnified to nothing'],
    ['view=1,99999999,0', 'too far'],
    ['view=1e9,0,0', 'another notation'],
    ['view=1,2,3,4', 'too many'],
    ['pace=Infinity', 'endless'],
    ['pace=-5', 'negative'],
    ['pace=<script>', 'markup'],
    ['at=tomorrow', 'no time'],
    ['range=5-3', 'backwards'],
    ['range=1-2-3', 'too many'],
    ['paused=yes', 'another word'],
    ['tab=constructor', 'no tab'],
    ['%E0%A4%A', 'a broken escape'],
    [`filter=${'x'.repeat(2001)}`, 'too long a filter'],
    [`filter=icmp&x=${'y'.repeat(20_000)}`, 'too long altogether'],
  ])('%s: %s, and is left out', (hash) => {
    expect(readAddress(`#${hash}`)).toEqual(PLAIN_ADDRESS);
  });

  it('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hash) => {
        const address = readAddress(hash);
        expect(readAddress(writeAddress(address)).exchange).toEqual(address.exchange);
      }),
    );
  });
});
