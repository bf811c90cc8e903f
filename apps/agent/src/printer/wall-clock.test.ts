import { expect, test } from 'vitest';
import { createWallClock } from './wall-clock.ts';

const EPOCHS = [0n, 1n, 999_999_999n, 1_700_000_000_000_000_000n, 1_700_000_000_999_999_999n, -5n];
const TIMES = [0, 1, 999_999_999, 1_000_000_000, 9_007_198_254_740_991, 8_999_999_999_999_999, -1, -2_000_000_001];

test('says the same as adding whole numbers would', () => {
  for (const epochNs of EPOCHS) {
    const wallNs = createWallClock(epochNs);
    for (const t of TIMES) expect(wallNs(t)).toBe(String(epochNs + BigInt(t)));
  }
});
