// What a capture says first, for tests.
import { type Hello, RECORD_LAYOUT } from '@hopscope/protocol';

export const sampleHello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0.1.0' },
  host: { name: 'host', kernel: '6.18.0', bootId: 'b' },
  clock: { monotonicNs: '0', wallNs: '0' },
  dropReasons: {},
  features: [],
  lab: false,
};
