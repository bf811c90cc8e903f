// The state that every page must know, kept up to date from the capture process's frames and told to each page that comes.
import { applyChanges } from '@hopscope/model';
import type { Hello, Ledger, Notice, ServerFrame, Topology } from '@hopscope/protocol';
import { readRun } from './page-queue.ts';
import { createSession, type Session } from './session.ts';
import type { PageHandlers, PageSocket } from './socket.ts';

/** Warnings told to a page that comes later; there are a handful in practice. */
const NOTICES_KEPT = 20;

export interface Hub {
  /** A new page. It waits in silence until the capture process has said hello and sent the topology. */
  addPage(socket: PageSocket): PageHandlers;
  onControl(frame: ServerFrame): void;
  /** @throws BatchError when the bytes are no whole batch */
  onHops(batch: Uint8Array): void;
  /** Sends every page what waits for it, then closes. */
  end(code: number, reason: string): void;
}

/** @param now ms, monotonic */
export function createHub(now: () => number): Hub {
  let hello: Hello | null = null;
  let topology: Topology | null = null;
  let version = 0;
  let ledger: Ledger | null = null;
  const locations: Record<string, string> = {};
  const notices: Notice[] = [];
  /** Connected and not yet told anything. */
  const waiting = new Set<Session>();
  const sessions = new Set<Session>();

  function keep(frame: ServerFrame): void {
    switch (frame.type) {
      case 'hello':
        hello = frame;
        break;
      case 'topology':
        topology = frame.topology;
        version = frame.version;
        break;
      case 'topology-patch':
        topology = applyChanges(topology ?? { namespaces: [] }, frame.changes);
        version = frame.version;
        break;
      case 'locations':
        Object.assign(locations, frame.names);
        break;
      case 'ledger':
        ledger = frame;
        break;
      case 'notice':
        notices.push(frame);
        if (notices.length > NOTICES_KEPT) notices.shift();
        break;
    }
  }

  /** Everything so far; answers whether there was enough to begin with. */
  function begin(session: Session): boolean {
    if (hello === null || topology === null) return false;
    session.sendControl(JSON.stringify(hello));
    session.sendControl(JSON.stringify({ type: 'topology', version, topology }));
    if (Object.keys(locations).length > 0) session.sendControl(JSON.stringify({ type: 'locations', names: locations }));
    for (const notice of notices) session.sendControl(JSON.stringify(notice));
    if (ledger !== null) session.sendLedger(ledger);
    sessions.add(session);
    return true;
  }

  return {
    addPage(socket) {
      const session = createSession(socket, now);
      if (!begin(session)) waiting.add(session);
      return {
        onText: (text) => session.onText(text),
        onClose() {
          session.stop();
          sessions.delete(session);
          waiting.delete(session);
        },
      };
    },
    onControl(frame) {
      keep(frame);
      if (frame.type === 'ledger') for (const session of sessions) session.sendLedger(frame);
      else {
        const text = JSON.stringify(frame);
        for (const session of sessions) session.sendControl(text);
      }
      for (const session of waiting) if (begin(session)) waiting.delete(session);
    },
    onHops(batch) {
      const run = readRun(batch);
      for (const session of sessions) session.sendHops(run);
    },
    end(code, reason) {
      for (const session of [...sessions, ...waiting]) session.end(code, reason);
    },
  };
}
