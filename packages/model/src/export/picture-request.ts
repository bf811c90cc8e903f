// What a program that draws pictures without a browser is asked for. The command and the page's code both speak it; neither knows the other.
import type { Evidence, Hello, Ledger, Topology } from '@hopscope/protocol';
import type { Exchange } from '../exchange.ts';

export interface PictureRequest {
  /** `waterfall`: of `selected`. */
  readonly of: 'map' | 'waterfall';
  readonly theme: 'light' | 'dark';
  /** With `recording` set. */
  readonly hello: Hello;
  readonly topology: Topology;
  readonly ledger: Ledger | null;
  /** Those that the display filter lets through, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** Its path is lit. */
  readonly selected: Exchange | null;
  factsAbout(exchange: Exchange): Evidence;
  readonly displayFilter: string;
}

export interface DrawnPicture {
  readonly svg: string;
  /** Pixels, at the usual size. */
  readonly width: number;
  readonly height: number;
}

/** @throws Error in words when there is nothing to draw */
export type DrawPicture = (request: PictureRequest) => DrawnPicture;
