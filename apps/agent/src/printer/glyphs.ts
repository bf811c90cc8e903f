// What a tree and a table are drawn with: box characters where the locale has them, else ASCII.

export interface Glyphs {
  readonly branch: string;
  readonly last: string;
  readonly stem: string;
  readonly blank: string;
  readonly arrow: string;
  readonly ok: string;
  readonly bad: string;
  readonly unsure: string;
  readonly micros: string;
  readonly line: string;
}

const BOX: Glyphs = {
  branch: '├─ ',
  last: '└─ ',
  stem: '│  ',
  blank: '   ',
  arrow: '→',
  ok: '✓',
  bad: '✕',
  unsure: '?',
  micros: 'µs',
  line: '─',
};

const ASCII: Glyphs = {
  branch: '|- ',
  last: '`- ',
  stem: '|  ',
  blank: '   ',
  arrow: '->',
  ok: '+',
  bad: 'x',
  unsure: '?',
  micros: 'us',
  line: '-',
};

export function glyphsOf(utf8: boolean): Glyphs {
  return utf8 ? BOX : ASCII;
}
