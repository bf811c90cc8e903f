// What control frames have said so far, as few frames as it takes to say it again: a reader that begins in the middle needs it.
import type { Ledger, ServerFrame, TopologySnapshot } from '@hopscope/protocol';
import { applyChanges } from './topology.ts';

export interface Picture {
  readonly topology: TopologySnapshot | null;
  readonly locations: Readonly<Record<string, string>>;
  readonly ledger: Ledger | null;
}

export const EMPTY_PICTURE: Picture = { topology: null, locations: {}, ledger: null };

/** @returns the same object when the frame changes nothing */
export function nextPicture(picture: Picture, frame: ServerFrame): Picture {
  switch (frame.type) {
    case 'topology':
      return { ...picture, topology: frame };
    case 'topology-patch': {
      const before = picture.topology;
      // A patch that does not fit says that a snapshot follows.
      if (before === null || before.version + 1 !== frame.version) return picture;
      const topology = applyChanges(before.topology, frame.changes);
      return { ...picture, topology: { type: 'topology', version: frame.version, topology } };
    }
    case 'locations':
      return { ...picture, locations: { ...picture.locations, ...frame.names } };
    case 'ledger':
      return { ...picture, ledger: frame };
    default:
      return picture;
  }
}

export function pictureFrames({ topology, locations, ledger }: Picture): ServerFrame[] {
  const frames: ServerFrame[] = topology === null ? [] : [topology];
  if (Object.keys(locations).length > 0) frames.push({ type: 'locations', names: { ...locations } });
  if (ledger !== null) frames.push(ledger);
  return frames;
}
