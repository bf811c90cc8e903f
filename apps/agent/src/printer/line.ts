// One hop as one line of text.
import { type Drop, icmpErrorText, stageName } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import { printable } from '../lib/printable.ts';
import type { HopView } from './hop-view.ts';
import { tcpFlags, tuple } from './words.ts';

/** A column wide enough for two IPv4 addresses; IPv6 pushes what follows to the right. */
const ADDRESSES_WIDTH = 34;

/** Below the interface's name. */
const SENTENCE_INDENT = 16;

export interface LineWriter {
  /** `[  4026531957]          docker0 request #17146.001 172.17.0.1 -> 172.17.0.2` */
  hop(hop: Hop, view: HopView): string;
  /** The same, with the stage and the time since the journey began. @param sinceNs null = not known */
  stage(hop: Hop, view: HopView, sinceNs: number | null): string;
  /** The place, ending in `dropped: REASON at symbol+0xoffset`; what it means on a line of its own. */
  drop(drop: Drop, view: HopView, sentence: string): string;
}

export function createLineWriter(colors: Colors): LineWriter {
  const paint: Readonly<Record<string, (text: string) => string>> = {
    request: colors.cyan,
    reply: colors.green,
    error: colors.yellow,
    frag: colors.blue,
  };

  function base(hop: Hop, view: HopView): string {
    const netns = colors.dim(`[${(hop.netnsInum === 0 ? '-' : String(hop.netnsInum)).padStart(12)}]`);
    const ifname = (hop.ifname === '' ? '-' : printable(hop.ifname)).padStart(16);
    return `${netns} ${ifname} ${textOf(view)}`;
  }

  let last: { readonly view: HopView; readonly text: string } | null = null;

  /** What it says of the packet, which the next hop mostly says again. */
  function textOf(view: HopView): string {
    if (last?.view === view) return last.text;
    const word = (paint[view.word] ?? colors.cyan)(view.word.padStart(7));
    last = { view, text: `${word} ${packetText(view)}` };
    return last.text;
  }

  /** How far the packet's text falls short of its column; colours take no room. */
  const gap = (view: HopView) =>
    ' '.repeat(Math.max(0, ADDRESSES_WIDTH - packetText(view).length + view.label.length + 1));

  return {
    hop: base,
    stage(hop, view, sinceNs) {
      const since = sinceNs === null ? '?' : `+${(sinceNs / 1000).toFixed(3)}`;
      return `${base(hop, view)}${gap(view)} ${since.padStart(12)} µs  ${colors.dim(stageName(hop.stage))}`;
    },
    drop(drop, view, sentence) {
      const where = drop.location === '' ? '' : ` at ${printable(drop.location)}`;
      const line = `${base(drop.hop, view)}${gap(view)} ${colors.red(`dropped: ${printable(drop.reason)}${where}`)}`;
      return sentence === '' ? line : `${line}\n${' '.repeat(SENTENCE_INDENT)}${printable(sentence)}`;
    },
  };
}

/** `#17146.001 172.17.0.1 -> 172.17.0.2`; `172.17.0.1:40000 -> 172.17.0.2:80 [S]`; an error about such a packet says which. */
function packetText({ packet, label, src, dst }: HopView): string {
  const addresses = tuple({ src, dst, ports: packet.ports }, '->');
  if (label !== '') return `${label} ${addresses}`;
  if (packet.tcp !== null) return `${addresses} ${tcpFlags(packet.tcp.flags)}`;
  if (packet.quoted === null) return addresses;
  const { quoted, icmp, family } = packet;
  const what = icmp === null ? '' : ` ${icmpErrorText(family, icmp.type, icmp.code)}`;
  return `${addresses}${what}, about ${quoted.protocol} ${tuple(quoted, '->')}`;
}
