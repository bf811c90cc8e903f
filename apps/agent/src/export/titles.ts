import type { NetnsId } from '@hopscope/protocol';
import type { LiveSurroundings } from '../printer/surroundings.ts';

/** How a namespace is called; by its number where nobody has named it. */
export function titlesOf({ netnsName }: Pick<LiveSurroundings, 'netnsName'>): (netns: NetnsId) => string {
  return (netns) => netnsName(netns) || `netns ${netns.slice(1)}`;
}
