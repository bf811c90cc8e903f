// A canvas that writes SVG: what paints packets in flight paints them into a picture, too.
import type { PacketContext } from '../render/paint-packets.ts';
import type { TextFitter } from '../render/text-fit.ts';
import { fontAttributes, fontParts } from './inks.ts';
import { escapeXml, short, tag } from './xml.ts';

/** Text in the middle of a line, in parts of its size; not every program that reads SVG knows `dominant-baseline`. */
const MIDDLE = 0.35;
const ANCHORS: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };

export interface SvgContext extends PacketContext {
  /** All that was painted. */
  markup(): string;
}

export function createSvgContext(fitter: TextFitter): SvgContext {
  const out: string[] = [];
  let path = '';
  const context = {
    fillStyle: '#000',
    strokeStyle: '#000',
    globalAlpha: 1,
    lineWidth: 1,
    lineCap: 'butt',
    lineJoin: 'miter',
    font: '400 12px sans-serif',
    textAlign: 'start',
    textBaseline: 'alphabetic',
  };
  const opacity = (): number | undefined => (context.globalAlpha === 1 ? undefined : context.globalAlpha);
  const pen = () => ({
    stroke: context.strokeStyle,
    'stroke-width': context.lineWidth,
    'stroke-linecap': context.lineCap === 'butt' ? undefined : context.lineCap,
    'stroke-linejoin': context.lineJoin === 'miter' ? undefined : context.lineJoin,
  });

  function write(
    text: string,
    x: number,
    y: number,
    look: Readonly<Record<string, string | number | undefined>>,
  ): void {
    const baseline = context.textBaseline === 'middle' ? MIDDLE * fontParts(context.font).size : 0;
    const at = { x, y: y + baseline, 'text-anchor': ANCHORS[context.textAlign] };
    out.push(tag('text', { ...at, ...fontAttributes(context.font), ...look, opacity: opacity() }, escapeXml(text)));
  }

  return Object.assign(context, {
    markup: () => out.join(''),
    setTransform() {},
    clearRect() {},
    beginPath() {
      path = '';
    },
    moveTo(x: number, y: number) {
      path += `M${short(x)} ${short(y)}`;
    },
    lineTo(x: number, y: number) {
      path += `L${short(x)} ${short(y)}`;
    },
    /** A whole circle. */
    arc(x: number, y: number, r: number) {
      const [left, right, level, radius] = [x - r, x + r, y, r].map(short);
      path += `M${right} ${level}A${radius} ${radius} 0 1 1 ${left} ${level}A${radius} ${radius} 0 1 1 ${right} ${level}`;
    },
    rect(x: number, y: number, width: number, height: number) {
      path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
    },
    roundRect(x: number, y: number, width: number, height: number, radius: number) {
      const [r, across, along] = [short(radius), short(width - 2 * radius), short(height - 2 * radius)];
      const corner = (toX: string, toY: string): string => `a${r} ${r} 0 0 1 ${toX} ${toY}`;
      path += `M${short(x + radius)} ${short(y)}h${across}${corner(r, r)}v${along}${corner(`-${r}`, r)}`;
      path += `h-${across}${corner(`-${r}`, `-${r}`)}v-${along}${corner(r, `-${r}`)}z`;
    },
    fill() {
      out.push(tag('path', { d: path, fill: context.fillStyle, opacity: opacity() }));
    },
    stroke() {
      out.push(tag('path', { d: path, fill: 'none', ...pen(), opacity: opacity() }));
    },
    fillText(text: string, x: number, y: number) {
      write(text, x, y, { fill: context.fillStyle });
    },
    strokeText(text: string, x: number, y: number) {
      write(text, x, y, { fill: 'none', ...pen() });
    },
    measureText: (text: string) => ({ width: fitter.width(text, context.font) }),
  }) as unknown as SvgContext;
}
