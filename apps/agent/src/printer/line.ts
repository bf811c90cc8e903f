// One hop as one line of text.
import type { Drop } from '@hopscope/model';
import { type Hop, STAGE } from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import { printable } from '../lib/printable.ts';
import type { HopView } from './hop-view.ts';

/** A column wide enough for two IPv4 addresses; IPv6 pushes what follows to the right. */
const ADDRESSES_WIDTH = 34;

const STAGE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(STAGE).map(([name, value]) => [value, name]));

export function stageName(stage: number): string {
  return STAGE_NAMES.get(stage) ?? `stage ${stage}`;
}

export interface LineWriter {
  /** `[  4026531957]          docker0 request #17146.001 172.17.0.1 -> 172.17.0.2` */
  hop(hop: Hop, view: HopView): string;
  /** The same, with the stage and the time since the journey began. @param sinceNs null = not known */
  stage(hop: Hop, view: HopView, sinceNs: number | null): string;
  /** The place, ending in `dropped: REASON at symbol+0xoffset`. */
  drop(drop: Drop, view: HopView): string;
}

export function createLineWriter(colors: Colors): LineWriter {
  const paint = { request: colors.cyan, reply: colors.green, error: colors.yellow, frag: colors.blue };

  function base(hop: Hop, view: HopView): string {
    const netns = colors.dim(`[${(hop.netnsInum === 0 ? '-' : String(hop.netnsInum)).padStart(12)}]`);
    const ifname = (hop.ifname === '' ? '-' : printable(hop.ifname)).padStart(16);
    const kind = view.kind ?? 'frag';
    return `${netns} ${ifname} ${paint[kind](kind.padStart(7))} ${view.label} ${view.src} -> ${view.dst}`;
  }

  /** How far the addresses fall short of their column; colours take no room. */
  const gap = ({ src, dst }: HopView) => ' '.repeat(Math.max(0, ADDRESSES_WIDTH - src.length - dst.length - 4));

  return {
    hop: base,
    stage(hop, view, sinceNs) {
      const since = sinceNs === null ? '?' : `+${(sinceNs / 1000).toFixed(3)}`;
      return `${base(hop, view)}${gap(view)} ${since.padStart(12)} µs  ${colors.dim(stageName(hop.stage))}`;
    },
    drop(drop, view) {
      const where = drop.location === '' ? '' : ` at ${printable(drop.location)}`;
      return `${base(drop.hop, view)}${gap(view)} ${colors.red(`dropped: ${printable(drop.reason)}${where}`)}`;
    },
  };
}
