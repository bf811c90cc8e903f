// The records of a block, column by column: the first byte of all records, then the second, …, each as the difference from the record before it.
// Hops that follow each other differ in a few bytes, so most columns become runs of zeros, and gzip makes half of what it makes of rows.

/** @param batches records, one behind the other, in each @returns as many bytes as they have together */
export function toColumns(batches: readonly Uint8Array[], recordBytes: number): Uint8Array {
  const total = batches.reduce((sum, batch) => sum + batch.byteLength, 0);
  const columns = new Uint8Array(total);
  const count = total / recordBytes;
  for (let column = 0; column < recordBytes; column++) {
    let at = column * count;
    let before = 0;
    for (const batch of batches) {
      for (let from = column; from < batch.byteLength; from += recordBytes) {
        const byte = batch[from] as number;
        columns[at++] = byte - before;
        before = byte;
      }
    }
  }
  return columns;
}

export interface ColumnReader {
  /** The next `count` records, as rows from `at` on of what is all zero there. */
  read(count: number, into: Uint8Array, at: number): void;
  /** Records not read yet. */
  readonly left: number;
}

/** @param columns of `count` records */
export function readColumns(columns: Uint8Array, count: number, recordBytes: number): ColumnReader {
  const before = new Uint8Array(recordBytes);
  let next = 0;
  return {
    read(wanted, into, at) {
      for (let column = 0; column < recordBytes; column++) {
        let byte = before[column] as number;
        const start = column * count + next;
        // Half of them, and what they are read into is zero already.
        if (byte === 0 && isZero(columns, start, start + wanted)) continue;
        let to = at + column;
        for (let i = start; i < start + wanted; i++) {
          byte = (byte + (columns[i] as number)) & 0xff;
          into[to] = byte;
          to += recordBytes;
        }
        before[column] = byte;
      }
      next += wanted;
    },
    get left() {
      return count - next;
    },
  };
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
