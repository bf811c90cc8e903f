// Elements of the page as SVG that looks the same anywhere: what the style sheet says stands in each element, and nothing refers to
// anything outside of the picture.
import { rgbOf } from './colour.ts';
import { fontParts } from './inks.ts';
import { type Attributes, escapeXml, tag } from './xml.ts';

/** Attributes that give a shape its place; everything else on the page's elements is for the page. */
const GEOMETRY: Readonly<Record<string, readonly string[]>> = {
  rect: ['x', 'y', 'width', 'height', 'rx'],
  circle: ['cx', 'cy'],
  line: ['x1', 'y1', 'x2', 'y2'],
  path: ['d'],
  text: ['x', 'y'],
};

/** Of what is computed for an element, what a picture needs. */
export type PaintedStyle = Pick<
  CSSStyleDeclaration,
  | 'display'
  | 'visibility'
  | 'opacity'
  | 'fill'
  | 'stroke'
  | 'strokeWidth'
  | 'strokeDasharray'
  | 'strokeLinecap'
  | 'strokeLinejoin'
  | 'paintOrder'
  | 'r'
  | 'fontFamily'
  | 'fontSize'
  | 'fontWeight'
  | 'textAnchor'
  | 'getPropertyValue'
>;

export interface FlattenOptions {
  /** What an element looks like now. */
  styleOf(element: Element): PaintedStyle;
  /** Whether it is in the picture at all; what is not stays out of the file, too. */
  isShown(element: Element): boolean;
  /** The font that the picture has where nothing else is said. */
  readonly font: string;
}

export function flatten(element: Element, options: FlattenOptions): string {
  const style = options.styleOf(element);
  if (style.display === 'none' || Number(style.opacity) === 0) return '';
  const name = element.localName;
  if (name === 'g') return flattenGroup(element, style, options);
  const geometry = GEOMETRY[name];
  if (geometry === undefined || style.visibility === 'hidden' || !options.isShown(element)) return '';
  const look = lookOf(style);
  if (look === null) return '';
  const placed: Attributes = attributesOf(element, [...geometry, 'transform']);
  if (name === 'path' && (placed.d ?? '') === '') return '';
  if (name === 'circle') return tag(name, { ...placed, r: Number.parseFloat(style.r), ...look });
  if (name !== 'text') return tag(name, { ...placed, ...look });
  const text = element.textContent ?? '';
  return text === '' ? '' : tag(name, { ...placed, ...typeOf(style, options.font), ...look }, escapeXml(text));
}

function flattenGroup(element: Element, style: PaintedStyle, options: FlattenOptions): string {
  const content = [...element.children].map((child) => flatten(child, options)).join('');
  if (content === '') return '';
  const attributes = {
    transform: element.getAttribute('transform') ?? undefined,
    opacity: style.opacity === '1' ? undefined : style.opacity,
  };
  const title = [...element.children].find((child) => child.localName === 'title')?.textContent ?? '';
  if (title !== '') return tag('g', attributes, tag('title', {}, escapeXml(title)) + content);
  return Object.values(attributes).every((value) => value === undefined) ? content : tag('g', attributes, content);
}

function attributesOf(element: Element, names: readonly string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, element.getAttribute(name) ?? undefined]));
}

/** Null: there is nothing to see. */
function lookOf(style: PaintedStyle): Attributes | null {
  const fill = rgbOf(style.fill);
  const width = Number.parseFloat(style.strokeWidth);
  const stroke = width > 0 ? rgbOf(style.stroke) : null;
  if (fill === null && stroke === null) return null;
  const pen =
    stroke === null
      ? {}
      : {
          stroke: stroke.hex,
          'stroke-opacity': stroke.alpha === 1 ? undefined : stroke.alpha,
          'stroke-width': width,
          'stroke-dasharray': style.strokeDasharray === 'none' ? undefined : style.strokeDasharray.replaceAll('px', ''),
          'stroke-linecap': style.strokeLinecap === 'butt' ? undefined : style.strokeLinecap,
          'stroke-linejoin': style.strokeLinejoin === 'miter' ? undefined : style.strokeLinejoin,
          'paint-order': style.paintOrder.startsWith('stroke') ? 'stroke' : undefined,
        };
  return {
    fill: fill?.hex ?? 'none',
    'fill-opacity': fill === null || fill.alpha === 1 ? undefined : fill.alpha,
    ...pen,
    opacity: style.opacity === '1' ? undefined : style.opacity,
  };
}

function typeOf(style: PaintedStyle, font: string): Attributes {
  const usual = fontParts(font);
  const size = Number.parseFloat(style.fontSize);
  return {
    'font-family': style.fontFamily === usual.family ? undefined : style.fontFamily,
    'font-size': size === usual.size ? undefined : size,
    'font-weight': style.fontWeight === usual.weight ? undefined : style.fontWeight,
    'text-anchor': style.textAnchor === 'start' ? undefined : style.textAnchor,
  };
}
