// Values of the style sheet → as a browser would compute them: what refers to another value, is calculated or mixed.

export type ReadValue = (name: string) => string | undefined;

/** @param read the custom properties @param color what `currentcolor` is */
export function computeValue(value: string, read: ReadValue, color: string): string {
  const whole = withVariables(value, read).trim();
  if (/^currentcolor$/i.test(whole)) return color;
  const mixed = /^color-mix\(in oklab, (\S+) ([\d.]+)%, (\S+)\)$/.exec(whole);
  if (mixed !== null) return mix(mixed[1] ?? '', Number(mixed[2]) / 100, mixed[3] ?? '');
  return asRgb(withCalc(whole));
}

/** `var(--name, fallback)`, innermost first. */
function withVariables(value: string, read: ReadValue): string {
  let text = value;
  for (let i = 0; i < 20 && text.includes('var('); i++) {
    text = text.replace(
      /var\((--[\w-]+)(?:,\s*([^()]*))?\)/g,
      (_, name: string, fallback = '') => read(name) ?? fallback,
    );
  }
  return text;
}

/** `calc(12px * 1.06)` */
const withCalc = (value: string): string =>
  value.replace(/calc\(([\d.]+)px \* ([\d.]+)\)/g, (_, a: string, b: string) => `${Number(a) * Number(b)}px`);

function bytesOf(hex: string): [number, number, number] | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(hex);
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(hex);
  const parts = short === null ? long?.slice(1) : short.slice(1).map((each) => each + each);
  if (parts === undefined) return null;
  const [red = 0, green = 0, blue = 0] = parts.map((each) => Number.parseInt(each, 16));
  return [red, green, blue];
}

/** As `getComputedStyle` writes it; anything else stays. */
function asRgb(value: string): string {
  const bytes = bytesOf(value);
  return bytes === null ? value : `rgb(${bytes.join(', ')})`;
}

function mix(first: string, part: number, second: string): string {
  const [a, b] = [bytesOf(first), bytesOf(second)];
  if (a === null || b === null) return second;
  const [from, to] = [oklabOf(b), oklabOf(a)];
  return `oklab(${from.map((value, i) => value + ((to[i] ?? 0) - value) * part).join(' ')})`;
}

/** https://bottosson.github.io/posts/oklab/ */
function oklabOf(bytes: readonly number[]): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = bytes.map((byte) =>
    byte <= 10.31475 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
  );
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
