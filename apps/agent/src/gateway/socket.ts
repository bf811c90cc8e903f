// The only importer of ws: a request that the guard let through becomes a PageSocket.
import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { CLIENT_FRAME_MAX_BYTES } from '@hopscope/protocol';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { refuseUpgrade } from './http.ts';

/** RFC 6455 and IANA: what a page is told when we close. */
export const CLOSE = { goingAway: 1001, policy: 1008, failure: 1011 } as const;

/** Each may hold a few MiB of unread hops. */
const MAX_PAGES = 32;

const PING_EVERY_MS = 30_000;
/** A page that is stopped for a minute stays connected; a dead one goes. */
const SILENT_FOR_AT_MOST_MS = 90_000;

/** Close reasons are at most 123 bytes. */
const REASON_MAX_BYTES = 123;

export interface PageSocket {
  send(message: string | Uint8Array): void;
  /** Bytes given to `send` that the kernel has not taken. */
  readonly bufferedBytes: number;
  close(code: number, reason: string): void;
  /** At once, without a word. */
  terminate(): void;
}

export interface PageHandlers {
  onText(text: string): void;
  onClose(): void;
}

export interface SocketServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Resolves as soon as no page is connected. */
  allClosed(): Promise<void>;
}

type OnPage = (socket: PageSocket) => PageHandlers;

/** @param find answers for a path what is called with every new page's socket, and answers how to treat what comes; null = no WebSocket there */
export function createSocketServer(find: (path: string) => OnPage | null): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // It costs more than it saves for these bytes, and keeps memory per connection.
    perMessageDeflate: false,
    // ws closes with 1009 by itself.
    maxPayload: CLIENT_FRAME_MAX_BYTES,
  });
  let pages = 0;
  let lastClosed = () => {};

  function onPageClose(): void {
    pages--;
    if (pages === 0) lastClosed();
  }

  return {
    upgrade(request, socket, head) {
      const onPage = find(request.url ?? '');
      if (onPage === null) return refuseUpgrade(socket, 404, 'no WebSocket here');
      if (pages >= MAX_PAGES) return refuseUpgrade(socket, 503, `more than ${MAX_PAGES} pages are open`);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        pages++;
        webSocket.once('close', onPageClose);
        serve(webSocket, onPage);
      });
    },
    allClosed() {
      return new Promise((resolve) => {
        lastClosed = resolve;
        if (pages === 0) resolve();
      });
    },
  };
}

function serve(webSocket: WebSocket, onPage: OnPage): void {
  // Not the wall clock: setting it forward must not end every page.
  let lastSignMs = performance.now();
  const sign = () => {
    lastSignMs = performance.now();
  };
  const heartbeat = setInterval(() => {
    if (performance.now() - lastSignMs > SILENT_FOR_AT_MOST_MS) webSocket.terminate();
    else webSocket.ping();
  }, PING_EVERY_MS);

  const handlers = onPage({
    send: (message) => webSocket.send(message),
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    close: (code, reason) => webSocket.close(code, cutToBytes(reason, REASON_MAX_BYTES)),
    terminate: () => webSocket.terminate(),
  });
  webSocket.on('pong', sign);
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    sign();
    if (isBinary) webSocket.close(CLOSE.policy, 'a page sends text, not bytes');
    else handlers.onText(data.toString());
  });
  // Bad frames: ws closes with the fitting code; there is nothing to add.
  webSocket.on('error', () => undefined);
  webSocket.once('close', () => {
    clearInterval(heartbeat);
    handlers.onClose();
  });
}

function cutToBytes(text: string, bytes: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes)).replace(/\uFFFD+$/, '');
}
