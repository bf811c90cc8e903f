import { describe, expect, it, test } from 'vitest';
import { FILTER_FIELDS, FILTER_JOINS, joinFilters, parseFilter, writeTest } from '../filter.ts';

describe('a test for a value', () => {
  test.each([
    ['ip.addr', 'fe80::1', 'ip.addr == fe80::1'],
    ['container', 'my "db" \\', 'container == "my \\"db\\" \\\\"'],
    ['ip.ttl', '63', 'ip.ttl == 63'],
    ['dropped', 'true', 'dropped'],
  ])('%s %s', (field, value, text) => {
    expect(writeTest(field, value)).toBe(text);
    expect(parseFilter(text).ok).toBe(true);
  });
});

describe('joined to the filter that is there', () => {
  test.each([
    ['', 'and', 'udp', 'udp'],
    ['', 'or-not', 'udp', '!(udp)'],
    ['icmp', 'is', 'udp', 'udp'],
    ['icmp', 'is-not', 'udp', '!(udp)'],
    ['icmp', 'and', 'nat', 'icmp && nat'],
    ['icmp || udp', 'and', 'nat', '(icmp || udp) && nat'],
    ['icmp', 'and-not', 'nat', 'icmp && !(nat)'],
    ['icmp and nat', 'or', 'udp && nat', '(icmp and nat) || (udp && nat)'],
    ['icmp ==', 'and', 'nat', 'nat'],
  ] as const)('%s %s %s', (filter, join, added, text) => {
    expect(joinFilters(filter, join, added)).toBe(text);
  });

  it('always parses', () => {
    for (const join of FILTER_JOINS) {
      for (const filter of ['', 'icmp', 'icmp || udp', '((', 'container == "a && b || c"']) {
        for (const field of Object.keys(FILTER_FIELDS)) {
          const value = { address: '10.0.0.1', number: '7', duration: '1ms', text: 'x', flag: '' };
          const { type, choices } = FILTER_FIELDS[field] ?? { type: 'flag' };
          const joined = joinFilters(filter, join, writeTest(field, choices?.[0] ?? value[type]));
          expect(parseFilter(joined), joined).toMatchObject({ ok: true });
        }
      }
    }
  });
});
