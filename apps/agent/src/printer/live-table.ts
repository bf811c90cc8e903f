// A table that is drawn anew in place, on a screen of its own, until it is closed.

const ESCAPE = '\u001b';
const COLOUR = new RegExp(`(${ESCAPE}\\[\\d+m)`);
const ENTER = '\u001b[?1049h\u001b[?25l'; // the alternate screen, without a cursor
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export interface LiveTable {
  /** What does not fit is left out, with a line that says so; lines that are too long are cut. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. May be called twice. */
  close(): void;
}

/** @param write must have happened when it returns: it is also called while the process exits */
export function createLiveTable(terminal: {
  readonly rows: number;
  readonly columns: number;
  readonly write: (text: string) => void;
}): LiveTable {
  let isOpen = false;
  let isClosed = false;
  return {
    draw(lines) {
      if (isClosed) return;
      const { rows, columns } = terminal;
      const shown =
        lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `and ${lines.length - rows + 1} more lines`];
      const text = shown.map((line) => `${cut(line, columns)}${CLEAR_LINE}`).join('\r\n');
      terminal.write(`${isOpen ? '' : ENTER}${HOME}${text}${CLEAR_BELOW}`);
      isOpen = true;
    },
    close() {
      if (isOpen && !isClosed) terminal.write(LEAVE);
      isClosed = true;
    },
  };
}

/** Colours take no room. */
function cut(line: string, columns: number): string {
  let room = columns;
  let text = '';
  for (const part of line.split(COLOUR)) {
    if (part.startsWith(ESCAPE)) text += part;
    else {
      const shown = [...part].slice(0, Math.max(0, room));
      text += shown.join('');
      room -= shown.length;
    }
  }
  return text;
}
