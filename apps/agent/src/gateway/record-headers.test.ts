import { HEADERS_BYTES, OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_ECHO, REQUEST, readEcho, readFragmentId } from './record-headers.ts';
import { frame, icmp, ipv4, ipv6, makeRecord } from './test-records.ts';

const viewOf = (headers: Uint8Array, l4?: number | null) =>
  new DataView(makeRecord({ packet: 1, ms: 0, headers, ...(l4 === undefined ? {} : { l4 }) }).buffer);
const echoIn = (headers: Uint8Array, l4?: number | null) => readEcho(viewOf(headers, l4), 0);

test('request, reply and errors of an echo have its sequence number in common', () => {
  const V6 = 14 + 40;
  expect(echoIn(frame(ipv4(1), icmp(8, 513)))).toBe(513 | REQUEST);
  expect(echoIn(frame(ipv4(1), icmp(0, 513)))).toBe(513);
  expect(echoIn(frame(ipv4(1), icmp(3, 0, [...ipv4(1), ...icmp(8, 513)])))).toBe(513);
  expect(echoIn(frame(ipv4(1), icmp(11, 0, [...ipv4(1), ...icmp(0, 513)])))).toBe(513);
  expect(echoIn(frame(ipv6(58), icmp(128, 513)), V6)).toBe(513 | REQUEST);
  expect(echoIn(frame(ipv6(58), icmp(129, 513)), V6)).toBe(513);
  expect(echoIn(frame(ipv6(58), icmp(1, 0, [...ipv6(58), ...icmp(128, 513)])), V6)).toBe(513);
  const hopByHop = [58, 0, 0, 0, 0, 0, 0, 0];
  expect(echoIn(frame(ipv6(0), hopByHop, icmp(128, 513)), V6 + 8)).toBe(513 | REQUEST);
});

test.each([
  ['UDP', frame(ipv4(17), icmp(8, 1)), undefined],
  ['UDP over IPv6', frame(ipv6(17), icmp(128, 1)), 54],
  ['UDP behind an extension header', frame(ipv6(60), [17, 0, 0, 0, 0, 0, 0, 0], icmp(128, 1)), 62],
  ['a later fragment', frame(ipv4(1), icmp(8, 1)), null],
  ['another ICMP type', frame(ipv4(1), icmp(13, 1)), undefined],
  ['an error about UDP', frame(ipv4(1), icmp(3, 0, [...ipv4(17), ...icmp(8, 1)])), undefined],
  ['an error whose quote is cut', frame(ipv4(1), icmp(3, 0, ipv4(1))), undefined],
  ['a header that is cut', frame(ipv4(1), [8, 0, 0]), undefined],
])('%s is no echo', (_what, headers, l4) => {
  expect(echoIn(headers, l4)).toBe(NO_ECHO);
});

test('fragments of a packet have its identification in common', () => {
  const MORE = 0x2000;
  const idOf = (headers: Uint8Array, l4?: number | null) => readFragmentId(viewOf(headers, l4), 0);
  const first = idOf(frame(ipv4(1, { id: 7, fragment: MORE }), icmp(8, 1)));
  expect(first).not.toBe(0);
  expect(idOf(frame(ipv4(1, { id: 7, fragment: 185 })), null)).toBe(first);
  expect(idOf(frame(ipv4(1, { id: 8, fragment: 185 })), null)).not.toBe(first);
  expect(idOf(frame(ipv4(1, { id: 7, fragment: 0x4000 }), icmp(8, 1)))).toBe(0);
  expect(idOf(frame(ipv6(44), [58, 0, 0, 1, 1, 2, 3, 4]), null)).toBe(0x01020304);
  expect(idOf(frame(ipv6(58), icmp(128, 1)), 54)).toBe(0);
});

test('bytes of any kind: nothing is read past the record, and the answer is a number', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: RECORD_BYTES, maxLength: RECORD_BYTES }),
      fc.boolean(),
      (bytes, looksRight) => {
        if (looksRight) bytes.set([HEADERS_BYTES, 0, 14, 0, 34, 0], OFFSET.header_len);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        expect(readEcho(view, 0)).toBeLessThan(2 * REQUEST);
        expect(readFragmentId(view, 0)).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 2000 },
  );
});
