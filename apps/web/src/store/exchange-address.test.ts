import type { Exchange } from '@hopscope/model';
import type { Hello, PacketId } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import {
  addressOf,
  captureKey,
  findExchange,
  isKept,
  isOfOtherKind,
  keepExchange,
  readKept,
} from './exchange-address.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const EPOCH_MS = 1_763_847_231_000;
const wallMs = (t: number) => EPOCH_MS + t / 1e6;
const hello = {
  agent: { version: '1' },
  protocol: 1,
  host: { bootId: 'b' },
  clock: { monotonicNs: '5', wallNs: '6' },
} as Hello;

function exchangeOf(id: number, packet: number): Exchange {
  const sample = sampleExchange(topology, { id, request: ['build-7/docker0 out 1', 'app-2/eth0 in 2'] });
  return { ...sample, request: sample.request && { ...sample.request, packets: [packet as PacketId] } };
}

const held = (...exchanges: Exchange[]) => ({
  ids: () => exchanges.map(({ id }) => id),
  exchange: (id: number) => exchanges.find((each) => each.id === id),
  wallMs,
});

describe('the address of an exchange', () => {
  it('finds it again under another id', () => {
    const address = addressOf(exchangeOf(3, 77), wallMs);
    expect(address).toEqual({ packet: 77, wallUs: EPOCH_MS * 1000 + 1 });
    if (address === null) return;
    const [other, same] = [exchangeOf(8, 78), exchangeOf(9, 77)];
    expect(findExchange(address, held(other, same))).toBe(same);
    expect(findExchange(address, held(other))).toBeUndefined();
    // The number of a packet of another capture.
    expect(findExchange({ ...address, wallUs: address.wallUs - 5e6 }, held(same))).toBeUndefined();
  });
});

describe('a copy for the history', () => {
  const exchange = exchangeOf(3, 77);
  const address = { packet: 77, wallUs: 5 };
  const state = {
    capture: captureKey(hello),
    isRedacted: false,
    kept: [keepExchange(exchange, address, { 'drop.count': 1 } as never)],
  };

  it('survives as the browser keeps it, with an id that no other exchange has', () => {
    const found = readKept(structuredClone(state), hello, address);
    expect(found?.exchange).toMatchObject({ src: exchange.src, verdict: exchange.verdict, id: -78 });
    expect(found?.exchange.request?.crossings).toHaveLength(2);
    expect(found?.facts).toEqual({ 'drop.count': 1 });
    expect(found !== null && isKept(found.exchange) && !isKept(exchange)).toBe(true);
  });

  it('is for this capture and this exchange alone, and whatever else lies there is none', () => {
    expect(readKept(state, { ...hello, clock: { ...hello.clock, monotonicNs: '9' } }, address)).toBeNull();
    expect(readKept(state, null, address)).toBeNull();
    expect(readKept(state, hello, { ...address, packet: 78 })).toBeNull();
    for (const foreign of [null, undefined, 5, 'text', {}, { capture: captureKey(hello) }, []]) {
      expect(readKept(foreign, hello, address)).toBeNull();
      expect(isOfOtherKind(foreign, true)).toBe(false);
    }
  });

  it('with originals is not for a page that shows stand-ins', () => {
    expect([isOfOtherKind(state, false), isOfOtherKind(state, true)]).toEqual([false, true]);
  });
});
