import { createRedactor } from '@hopscope/model';
import { type Hello, type Notice, RECORD_LAYOUT, type ServerFrame, type TopologySnapshot } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createGate } from './gate.ts';

const hello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0.1.0' },
  host: { name: 'atlas', kernel: '6.18.0', bootId: 'b' },
  clock: { monotonicNs: '0', wallNs: '0' },
  dropReasons: {},
  features: [],
  lab: false,
};
const topology: TopologySnapshot = { type: 'topology', version: 1, topology: { namespaces: [] } };
const notice: Notice = { type: 'notice', level: 'info', text: 'atlas lost 192.0.2.7' };

function createTest(isRedacting: boolean) {
  const delivered: { frame: ServerFrame | Uint8Array; isAgain: boolean }[] = [];
  let nowMs = 0;
  const gate = createGate({
    redactor: createRedactor(new Uint8Array(32)),
    isRedacting,
    deliver: (frame, isAgain) => delivered.push({ frame, isAgain }),
    nowMs: () => nowMs++,
  });
  return { gate, delivered, take: () => delivered.splice(0) };
}

const hostOf = (frame: ServerFrame | Uint8Array | undefined): string =>
  frame !== undefined && !(frame instanceof Uint8Array) && frame.type === 'hello' ? frame.host.name : '';

describe('the gate between wire and page', () => {
  it('lets frames through as they are, once', () => {
    const { gate, take } = createTest(false);
    gate.take(hello);
    gate.take(notice);
    expect(take()).toEqual([
      { frame: hello, isAgain: false },
      { frame: notice, isAgain: false },
    ]);
  });

  it('lets no original through while redacting', () => {
    const { gate, take } = createTest(true);
    for (const frame of [hello, topology, notice]) gate.take(frame);
    const text = JSON.stringify(take());
    expect(text).not.toMatch(/atlas|192\.0\.2\.7/);
    expect(text).toContain('host-1');
  });

  it('feeds all that came again when it is switched, in the order in which it came, and back', () => {
    const { gate, take } = createTest(false);
    for (const frame of [hello, topology, notice]) gate.take(frame);
    take();
    gate.setRedacting(true);
    const redacted = take();
    expect(redacted.every(({ isAgain }) => isAgain)).toBe(true);
    expect(hostOf(redacted[0]?.frame)).toBe('host-1');
    expect(JSON.stringify(redacted)).not.toMatch(/atlas|192\.0\.2\.7/);
    gate.setRedacting(false);
    const plain = take().map(({ frame }) => frame);
    expect(plain).toEqual([hello, { type: 'locations', names: {} }, topology, notice]);
  });

  it('does nothing when it is switched to what it is, or before anything came', () => {
    const { gate, take } = createTest(false);
    gate.setRedacting(true);
    gate.setRedacting(true);
    expect(take()).toEqual([]);
  });
});
