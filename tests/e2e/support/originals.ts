// What an agent really sent: every address, MAC address and name, read off the wire before the page has it.
import type { Page } from '@playwright/test';
import type { Namespace, ServerFrame } from '../../../packages/protocol/src/index.ts';

/** Names that every machine has. */
const COMMON = new Set(['', 'lo', '127.0.0.1', '::1', '00:00:00:00:00:00']);
/** Words that the page itself uses; whoever shows names is held to them by other means. */
const ORDINARY = new Set(['host', 'outside']);

/** Starts to listen; call before the page is opened. @returns all that came so far */
export function watchOriginals(page: Page): () => ReadonlySet<string> {
  const found = new Set<string>();
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload !== 'string') return;
      for (const text of namesIn(JSON.parse(payload) as ServerFrame)) {
        if (!COMMON.has(text) && !ORDINARY.has(text)) found.add(text);
      }
    });
  });
  return () => found;
}

function namesIn(frame: ServerFrame): string[] {
  switch (frame.type) {
    case 'hello':
      return [frame.host.name, frame.host.bootId];
    case 'topology':
      return frame.topology.namespaces.flatMap(namesOf);
    case 'topology-patch':
      return frame.changes.flatMap((change) => (change.op === 'put' ? namesOf(change.namespace) : []));
    default:
      return [];
  }
}

const namesOf = ({ names, links, defaultRoutes }: Namespace): string[] => [
  ...names.flatMap(({ text, image, project }) => [text, image, project]),
  ...links.flatMap(({ name, mac, vxlanRemote, addresses }) => [
    name,
    mac,
    vxlanRemote,
    ...addresses.map((each) => each.address),
  ]),
  ...defaultRoutes.map(({ gateway }) => gateway),
];

/** Those of the originals that stand in the text as words of their own. */
export function originalsIn(text: string, originals: Iterable<string>): string[] {
  return [...originals].filter((original) => {
    const word = original.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    return new RegExp(`(?<![\\w.:-])${word}(?![\\w:-]|\\.\\d)`, 'i').test(text);
  });
}
