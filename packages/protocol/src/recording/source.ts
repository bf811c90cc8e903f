// Where a recording's bytes come from, and what is said when they are none.

/** A file, or bytes in memory. */
export interface RecordingSource {
  readonly bytes: number;
  /** Fewer bytes than asked for at the end, never more. */
  read(offset: number, bytes: number): Promise<Uint8Array>;
}

/** The file as a whole cannot be read. The message says why, and at which byte. */
export class RecordingError extends Error {
  override name = 'RecordingError';
}
