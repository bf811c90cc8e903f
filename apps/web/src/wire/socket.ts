// One WebSocket that comes back by itself. Knows frames, not what they mean.
import type { ClientFrame, ServerFrame } from '@hopscope/protocol';
import { parseServerFrame } from '@hopscope/protocol';
import { backoffMs } from './backoff.ts';

export type SocketState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** Lost or not found; the next try comes by itself. */
  | { readonly state: 'waiting'; readonly tries: number; readonly reason: string };

export interface SocketHandlers {
  onState(state: SocketState): void;
  onFrame(frame: ServerFrame): void;
  onBatch(bytes: Uint8Array): void;
  /** A message that is no frame. The connection is closed and tried again. */
  onBroken(reason: string): void;
}

/** What a socket needs from the world; tests bring their own. */
export interface SocketWorld {
  open(url: string): WebSocket;
  setTimer(callback: () => void, ms: number): () => void;
  random(): number;
}

export interface Socket {
  send(frame: ClientFrame): void;
  /** Tries now instead of waiting. */
  retry(): void;
  close(): void;
}

/** A connection that neither opens nor fails is given up after this long. */
const OPEN_TIMEOUT_MS = 2000;

/** Of a page that nobody speaks to. */
export const NO_SOCKET: Socket = { send() {}, retry() {}, close() {} };

const browserWorld: SocketWorld = {
  open: (url) => new WebSocket(url),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

export function connectSocket(url: string, handlers: SocketHandlers, world: SocketWorld = browserWorld): Socket {
  let socket: WebSocket | null = null;
  let cancelTimer = (): void => {};
  let tries = 0;
  let isClosed = false;

  function connect(): void {
    handlers.onState({ state: 'connecting' });
    const current = world.open(url);
    current.binaryType = 'arraybuffer';
    socket = current;
    cancelTimer = world.setTimer(() => lose(current, 'no answer'), OPEN_TIMEOUT_MS);
    current.onopen = () => {
      cancelTimer();
      tries = 0;
      handlers.onState({ state: 'open' });
    };
    current.onmessage = (event: MessageEvent<unknown>) => receive(current, event.data);
    current.onclose = (event) => lose(current, event.reason);
  }

  function receive(current: WebSocket, data: unknown): void {
    try {
      if (typeof data === 'string') handlers.onFrame(parseServerFrame(data));
      else if (data instanceof ArrayBuffer) handlers.onBatch(new Uint8Array(data));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      handlers.onBroken(reason);
      lose(current, reason);
    }
  }

  /** Once per connection, however it ended. */
  function lose(current: WebSocket, reason: string): void {
    if (socket !== current) return;
    socket = null;
    cancelTimer();
    current.onopen = current.onmessage = current.onclose = null;
    current.close();
    if (isClosed) return;
    tries++;
    handlers.onState({ state: 'waiting', tries, reason });
    cancelTimer = world.setTimer(connect, backoffMs(tries, world.random()));
  }

  connect();
  return {
    send(frame) {
      if (socket !== null && socket.readyState === 1) socket.send(JSON.stringify(frame));
    },
    retry() {
      if (socket !== null || isClosed) return;
      cancelTimer();
      connect();
    },
    close() {
      isClosed = true;
      cancelTimer();
      if (socket !== null) lose(socket, '');
    },
  };
}
