// A way of printing what the printer is told. Each is a file of its own; several may run side by side.
import type { Drop, Exchange, Journey, PathStatistics } from '@hopscope/model';
import type { Hop, Ledger } from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import type { Glyphs } from './glyphs.ts';
import type { LiveSurroundings, Surroundings } from './surroundings.ts';

export interface View {
  /**
   * A hop, as it comes. Making a view of its exchange costs more than a line does: ask for it only where it is needed.
   * @returns false when its headers make no packet
   */
  onHop?(hop: Hop, exchange: () => Exchange | undefined): boolean;
  /** Whether a drop may be told before the facts about it have come. */
  readonly isImpatient?: boolean;
  /** A drop that is certain. */
  onDrop?(drop: Drop, exchange: Exchange): void;
  onJourney?(journey: Journey, exchange: Exchange): void;
  /** An exchange that is over, or still under way when the trace ends. */
  onExchange?(exchange: Exchange): void;
  /** Nothing follows but the last ledger. */
  onEnd?(): void;
  onLedger?(ledger: Ledger): void;
}

export interface ViewContext {
  readonly surroundings: Surroundings;
  readonly glyphs: Glyphs;
  readonly colors: Colors;
  /** ns since the epoch of packet time 0 */
  readonly epochNs: bigint;
  readonly statistics: Pick<PathStatistics, 'paths' | 'forgotten'>;
  /** @param line without its end; may hold several */
  readonly write: (line: string) => void;
  /** Counts something for `-n`. */
  readonly count: () => void;
  /** `-n` is reached: what it counts is not printed any more. */
  readonly isDone: () => boolean;
}

/** What a view of somebody else's is made with. */
export type GuestContext = Omit<ViewContext, 'surroundings'> & { readonly surroundings: LiveSurroundings };
