// Plain requests: the page's own files, and nothing else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import sirv from 'sirv';
import type { Guard, Refusal } from './guard.ts';
import { SECURITY_HEADERS } from './headers.ts';

/** A page, its assets and a WebSocket take a handful; a program that opens thousands is up to no good. */
const MAX_CONNECTIONS = 256;
const HEADERS_WITHIN_MS = 10_000;

/**
 * The folder is the working directory, on Linux through a link that leads there whatever lies above it: the checkout may be in a
 * home that only root, whom this process no longer is, could enter.
 */
const pageFolder = () => (process.platform === 'linux' ? '/proc/self/cwd' : process.cwd());

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What is served besides the page's own files. Answers whether it has taken the request; it may change the request's path for the page. */
export type DataHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface PageServerOptions {
  /** Known only once the port is: asked at every request. */
  readonly guard: () => Guard;
  readonly onUpgrade: UpgradeHandler;
  readonly onData: DataHandler;
}

export function createPageServer({ guard, onUpgrade, onData }: PageServerOptions): Server {
  // `dev`: looks at the files as they are now, so a rebuilt page is served whole and never with a stale length.
  const page = sirv(pageFolder(), { dev: true, etag: true });
  const server = createServer({ headersTimeout: HEADERS_WITHIN_MS, requestTimeout: HEADERS_WITHIN_MS });
  server.maxConnections = MAX_CONNECTIONS;

  server.on('request', (request, response) => {
    for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
    const refusal = guard().refuseRequest(request);
    if (refusal !== null) return refuse(response, refusal);
    if (onData(request, response)) return;
    // No file of the page is large enough to need ranges, and sirv throws on some of the crooked ones.
    delete request.headers.range;
    response.once('pipe', (file: Readable) => guardFile(file, response));
    page(request, response, () => answer(response, 404, 'not found'));
  });
  server.on('upgrade', (request, socket, head) => {
    const refusal = guard().refuseUpgrade(request);
    if (refusal === null) onUpgrade(request, socket, head);
    else refuseUpgrade(socket, refusal.status, refusal.reason);
  });
  // Not HTTP at all.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) endWith(socket, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

/** pipe() alone leaves the file open when the client goes away, and lets a vanished file end the process. */
function guardFile(file: Readable, response: ServerResponse): void {
  file.once('error', () => response.destroy());
  response.once('close', () => file.destroy());
}

function refuse(response: ServerResponse, { status, reason }: Refusal): void {
  if (status === 405) response.setHeader('Allow', 'GET, HEAD');
  response.setHeader('Connection', 'close');
  answer(response, status, reason);
}

export function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

/** Ends a request to become a WebSocket with a plain HTTP answer. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  const headers = [...SECURITY_HEADERS].map(([name, value]) => `${name}: ${value}`);
  const body = `${reason}\n`;
  endWith(
    socket,
    [
      `HTTP/1.1 ${status} Refused`,
      ...headers,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** Says it and is gone: a peer that keeps its half open would keep our descriptor. */
function endWith(socket: Duplex, text: string): void {
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(text);
}
