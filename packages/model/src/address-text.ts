// Address bytes → canonical text. Every hop names four addresses and a machine has few of them, so texts are remembered
// in a small direct-mapped table: the result depends on the bytes alone.

const SLOTS = 1024; // × 5 words and a short text: under 100 kB, more addresses than one machine talks to at a time
const WORDS = 5; // kind, then up to 128 bits
const slotWords = new Uint32Array(SLOTS * WORDS);
const slotTexts: string[] = new Array(SLOTS).fill('');

const IPV4 = 4;
const IPV6 = 6;
const MAC = 48;

function remembered(kind: number, a: number, b: number, c: number, d: number, make: () => string): string {
  let hash = Math.imul(a ^ kind, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  hash = Math.imul(hash ^ d ^ (hash >>> 15), 0x27d4eb2f);
  const slot = (hash >>> 16) & (SLOTS - 1);
  const at = slot * WORDS;
  if (
    slotWords[at] !== kind ||
    slotWords[at + 1] !== a ||
    slotWords[at + 2] !== b ||
    slotWords[at + 3] !== c ||
    slotWords[at + 4] !== d
  ) {
    slotWords.set([kind, a, b, c, d], at);
    slotTexts[slot] = make();
  }
  return slotTexts[slot] ?? make();
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

function dotted(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952: lower case, no leading zeros, the longest run of zero groups as `::`, IPv4-mapped with dots. */
function ipv6(a: number, b: number, c: number, d: number): string {
  if (a === 0 && b === 0 && c === 0xffff) return `::ffff:${dotted(d)}`;
  const groups = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff];
  let runStart = -1;
  let runLength = 1; // a single zero group is not shortened
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > runLength) {
      runStart = i;
      runLength = end - i;
    }
    if (end > i) i = end;
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return text(groups);
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`;
}

/** @param at offset of the first of 4 bytes */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  const a = word(bytes, at);
  return remembered(IPV4, a, 0, 0, 0, () => dotted(a));
}

/** @param at offset of the first of 16 bytes */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const a = word(bytes, at);
  const b = word(bytes, at + 4);
  const c = word(bytes, at + 8);
  const d = word(bytes, at + 12);
  return remembered(IPV6, a, b, c, d, () => ipv6(a, b, c, d));
}

/** @param at offset of the first of 6 bytes */
export function macText(bytes: Uint8Array, at: number): string {
  const a = word(bytes, at);
  const b = word(bytes, at + 2);
  return remembered(MAC, a, b, 0, 0, () =>
    Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':'),
  );
}
