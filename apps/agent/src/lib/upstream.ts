// The child's end of the stream from the capture process, on file descriptor 3: frames come down, child-messages.ts says what goes up.
import { Socket } from 'node:net';
import {
  BatchError,
  createFrameSplitter,
  FRAME_KIND,
  FrameError,
  parseControlPayload,
  type ServerFrame,
} from '@hopscope/protocol';
import { type ChildMessage, encodeChildMessage, encodeFileBytes } from './child-messages.ts';
import { EXIT, Failure, messageOf } from './failure.ts';

const UPSTREAM_FD = 3;

export interface UpstreamHandlers {
  onControl(frame: ServerFrame): void;
  /** @param batch a whole hop batch, not yet looked into */
  onHops(batch: Uint8Array): void;
  /** After the capture's last frame. */
  onEnd(): void;
  /** The stream broke, or what came is not our protocol. Nothing follows. */
  onFailure(failure: Failure): void;
}

export interface Upstream {
  tell(message: ChildMessage): void;
  /** Part of a recording, for the capture process to write. @param hops in these bytes */
  writeFile(bytes: Uint8Array, hops: number): void;
  /** Bytes given to `writeFile` that the capture process has not taken. */
  readonly waitingBytes: number;
  /** Asks the capture process to finish: it sends what it has, a final ledger, and the end. */
  finish(): void;
  /** Takes nothing more in until `resume`: what waits meanwhile fills the capture's bounded queue and is counted there. */
  pause(): void;
  resume(): void;
  /** Resolves when all that was told has left this process. */
  close(): Promise<void>;
}

/** @throws Failure when file descriptor 3 is not a stream, that is, when this was not started by hopscope */
export function openUpstream(handlers: UpstreamHandlers): Upstream {
  const socket = openSocket();
  const splitter = createFrameSplitter();
  let ended = false;
  let finalSeen = false;

  function fail(failure: Failure): void {
    if (ended) return;
    ended = true;
    socket.destroy();
    handlers.onFailure(failure);
  }

  socket.on('data', (chunk: Buffer) => {
    if (ended) return;
    try {
      for (const { kind, payload } of splitter.push(chunk)) {
        if (kind === FRAME_KIND.hops) {
          handlers.onHops(payload);
          continue;
        }
        const frame = parseControlPayload(payload);
        if (frame.type === 'ledger' && frame.final) finalSeen = true;
        handlers.onControl(frame);
      }
    } catch (error) {
      if (error instanceof Failure) return fail(error);
      const broken = error instanceof FrameError || error instanceof BatchError;
      const what = broken ? 'the stream from the capture process is broken' : 'a frame from the capture process failed';
      fail(new Failure(EXIT.failure, `${what}: ${messageOf(error)}: start hopscope again`, { cause: error }));
    }
  });
  socket.on('end', () => {
    if (ended) return;
    if (!finalSeen) {
      const cut = splitter.pendingBytes > 0 ? ' in the middle of a frame' : '';
      fail(new Failure(EXIT.failure, `the capture process ended unexpectedly${cut}: start hopscope again`));
      return;
    }
    ended = true;
    handlers.onEnd();
  });
  // A reset is how the end looks when the other side died with something of ours unread.
  socket.on('error', () =>
    fail(new Failure(EXIT.failure, 'the capture process ended unexpectedly: start hopscope again')),
  );

  function tell(message: ChildMessage): void {
    if (socket.writable) socket.write(encodeChildMessage(message));
  }

  return {
    tell,
    writeFile(bytes, hops) {
      if (socket.writable) socket.write(encodeFileBytes(bytes, hops));
    },
    get waitingBytes() {
      return socket.writableLength;
    },
    finish: () => tell({ type: 'finish' }),
    close: () =>
      new Promise((resolve) => {
        socket.once('close', () => resolve());
        socket.end(resolve);
        if (socket.destroyed) resolve();
      }),
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
    },
  };
}

function openSocket(): Socket {
  try {
    return new Socket({ fd: UPSTREAM_FD, readable: true, writable: true, allowHalfOpen: true });
  } catch (error) {
    throw new Failure(EXIT.usage, 'this program is started by hopscope, not by hand', { cause: error });
  }
}
