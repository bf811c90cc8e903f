import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';
import { connectSocket, type SocketState, type SocketWorld } from './socket.ts';

it('backs off to at most a second', () => {
  for (let tries = 1; tries < 40; tries++) {
    for (const random of [0, 0.5, 0.999]) {
      const wait = backoffMs(tries, random);
      expect(wait).toBeGreaterThanOrEqual(50);
      expect(wait).toBeLessThanOrEqual(1000);
    }
  }
  expect(backoffMs(1, 0.999)).toBeLessThanOrEqual(100);
});

/** The parts of a WebSocket that the code under test touches, driven by the test. */
class Wire {
  binaryType = '';
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { reason: string }) => void) | null = null;
  readonly sent: string[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
    this.readyState = 3;
  }
  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }
}

function setUp() {
  const wires: Wire[] = [];
  const timers: { callback: () => void; ms: number; cancelled: boolean }[] = [];
  const states: SocketState[] = [];
  const broken: string[] = [];
  const world: SocketWorld = {
    open() {
      const wire = new Wire();
      wires.push(wire);
      return wire as unknown as WebSocket;
    },
    setTimer(callback, ms) {
      const timer = { callback, ms, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    random: () => 0.5,
  };
  const socket = connectSocket(
    'ws://localhost/ws',
    {
      onState: (state) => states.push(state),
      onFrame: () => {},
      onBatch: () => {},
      onBroken: (reason) => broken.push(reason),
    },
    world,
  );
  const pending = () => timers.filter((timer) => !timer.cancelled);
  const fire = (): number => {
    const timer = pending()[0];
    if (timer === undefined) throw new Error('no timer is set');
    timer.cancelled = true;
    timer.callback();
    return timer.ms;
  };
  return { socket, wires, states, broken, pending, fire, wire: () => wires[wires.length - 1] as Wire };
}

describe('socket', () => {
  it('tries again until it is let in, within two seconds of the agent coming back', () => {
    const { wires, wire, states, fire } = setUp();
    for (let i = 0; i < 10; i++) {
      wire().onclose?.({ reason: '' });
      // A try that starts just before the agent listens fails at once; the next comes within the wait.
      expect(fire()).toBeLessThanOrEqual(1000);
    }
    wire().accept();
    expect(wires).toHaveLength(11);
    expect(states[states.length - 1]).toEqual({ state: 'open' });
  });

  it('gives up a connection that never opens', () => {
    const { wire, wires, states, fire } = setUp();
    expect(fire()).toBe(2000);
    expect(wire().closed).toBe(true);
    expect(states[states.length - 1]).toMatchObject({ state: 'waiting', reason: 'no answer' });
    fire();
    expect(wires).toHaveLength(2);
  });

  it('closes and comes back after a message that is no frame', () => {
    const { wire, states, broken } = setUp();
    const first = wire();
    first.accept();
    first.onmessage?.({ data: '{"type":"nonsense"}' });
    expect(broken).toHaveLength(1);
    expect(first.closed).toBe(true);
    expect(states[states.length - 1]).toMatchObject({ state: 'waiting', tries: 1 });
  });

  it('says nothing and tries nothing once closed', () => {
    const { socket, wire, states, pending } = setUp();
    wire().accept();
    const before = states.length;
    socket.close();
    expect(states).toHaveLength(before);
    expect(pending()).toEqual([]);
    socket.send({ type: 'ack', hop: 1 });
    expect(wire().sent).toEqual([]);
  });
});
