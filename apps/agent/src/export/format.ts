// What a format of `hopscope export` is. formats.ts is the table of them; each is a file of its own.
import type { RecordingEntry, RecordingHeader } from '@hopscope/protocol';

/** A recording as it is to be exported: with stand-ins when that was asked for. */
export interface ExportSource {
  readonly header: RecordingHeader;
  /** Where it begins: with the capture's first packet, or some time later. */
  readonly begin: 'start' | 'here';
  /**
   * Its frames from the start, block by block, each told once. May be called again. What is broken ends it early; `damage` says so then.
   */
  frames(): AsyncGenerator<readonly RecordingEntry[]>;
  /** Up to where the recording could be read, and why not further; null for a whole one. Final once `frames()` has come to its end. */
  readonly damage: string | null;
}

export interface ExportOptions {
  /** Only exchanges that match; empty = all. */
  readonly displayFilter: string;
  /** pcapng: a packet for each device that one crosses, or one for each journey. */
  readonly packets: 'hop' | 'journey';
  /** Pictures: the id of the exchange whose path is lit; pages: the one that they begin with. Null = none was named. */
  readonly exchange: number | null;
  /** Pictures: of that exchange's times instead of the map. */
  readonly isWaterfall: boolean;
  readonly isDark: boolean;
  /** Pages: what their author says of them. */
  readonly title: string;
  readonly notes: string;
}

/** Takes the parts in order. Waiting for each keeps memory bounded. */
export type ExportOutput = (part: string | Uint8Array) => Promise<void>;

export interface ExportFormat {
  /** What the file's name ends in: `.otlp.json`. Without its dot, the format's name. */
  readonly ending: string;
  /** For a person, in a word or two. */
  readonly about: string;
  /** Loads what it needs, while files may still be read that only root may. @throws Failure before anything is written */
  readonly prepare?: (options: ExportOptions) => Promise<void>;
  /** Writes all of it. */
  readonly write: (source: ExportSource, options: ExportOptions, output: ExportOutput) => Promise<void>;
}
