// Colours as a browser computes them → as every program reads them.

export interface Rgb {
  readonly hex: string;
  /** 0 to 1, above 0. */
  readonly alpha: number;
}

const CHANNELS = /^(?:rgba?\(|color\(srgb )([^)]*)\)$/;

/** `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.5)`, `color(srgb 0.1 0.2 0.3 / 0.5)`. Null for none and what is not to be seen. */
export function rgbOf(computed: string): Rgb | null {
  const oklab = /^oklab\(([^)]*)\)$/.exec(computed);
  const channels = CHANNELS.exec(computed);
  const numbers = (oklab ?? channels)?.[1]?.split(/[\s,/]+/).map(Number);
  if (numbers === undefined || numbers.length < 3 || numbers.some(Number.isNaN)) return null;
  const [first = 0, second = 0, third = 0, alpha = 1] = numbers;
  if (alpha === 0) return null;
  const bytes =
    oklab !== null
      ? bytesOfOklab(first, second, third)
      : [first, second, third].map((value) => (computed.startsWith('color') ? value * 255 : value));
  return { hex: `#${bytes.map(hexByte).join('')}`, alpha };
}

const hexByte = (value: number): string =>
  Math.round(Math.min(255, Math.max(0, value)))
    .toString(16)
    .padStart(2, '0');

/** https://bottosson.github.io/posts/oklab/ */
function bytesOfOklab(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) => 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
}
