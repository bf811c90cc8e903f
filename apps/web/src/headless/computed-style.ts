// What `getComputedStyle` answers in a browser, for the properties that a picture needs.
import type { PaintedStyle } from '../share/flatten.ts';
import type { Rule } from './style-sheet.ts';
import { computeValue } from './style-values.ts';

/** Property → initial value, and whether it is inherited. */
const PROPERTIES: Readonly<Record<string, readonly [string, boolean]>> = {
  color: ['rgb(0, 0, 0)', true],
  display: ['inline', false],
  visibility: ['visible', true],
  opacity: ['1', false],
  fill: ['rgb(0, 0, 0)', true],
  stroke: ['none', true],
  'stroke-width': ['1px', true],
  'stroke-dasharray': ['none', true],
  'stroke-linecap': ['butt', true],
  'stroke-linejoin': ['miter', true],
  'paint-order': ['normal', true],
  'font-family': ['sans-serif', true],
  'font-size': ['16px', true],
  'font-weight': ['400', true],
  'text-anchor': ['start', true],
  r: ['0px', false],
};

type Values = ReadonlyMap<string, string>;

export function createStyles(rules: readonly Rule[]): (element: Element) => PaintedStyle {
  const computed = new Map<Element, Values>();
  /** Elements alike down from the root match the same rules: no rule asks for brothers or sisters. */
  const matched = new Map<string, readonly Rule[]>();
  const keys = new Map<Element, string>();

  function keyOf(element: Element): string {
    let key = keys.get(element);
    if (key === undefined) {
      const data = [...element.attributes].filter(({ name }) =>
        /^(?:data-(?:role|state|shape|compact|theme)|class)$/.test(name),
      );
      const own = data.map(({ name, value }) => `${name}=${value}`).join(';');
      key = `${element.parentElement === null ? '' : keyOf(element.parentElement)}>${element.localName}[${own}]`;
      keys.set(element, key);
    }
    return key;
  }

  function rulesOf(element: Element): readonly Rule[] {
    const key = keyOf(element);
    let found = matched.get(key);
    if (found === undefined) {
      found = rules.filter(({ selector }) => element.matches(selector));
      matched.set(key, found);
    }
    return found;
  }

  function valuesOf(element: Element): Values {
    const known = computed.get(element);
    if (known !== undefined) return known;
    const parent = element.parentElement === null ? null : valuesOf(element.parentElement);
    const given = new Map<string, string>();
    for (const name of Object.keys(PROPERTIES)) {
      const attribute = element.getAttribute(name);
      if (attribute !== null) given.set(name, attribute);
    }
    for (const { declarations } of rulesOf(element)) for (const [name, value] of declarations) given.set(name, value);
    const inline = element.getAttribute('style') ?? '';
    for (const [, name = '', value = ''] of inline.matchAll(/([\w-]+)\s*:\s*([^;]+)/g)) given.set(name, value.trim());

    const values = new Map<string, string>();
    for (const [name, value] of parent ?? []) if (name.startsWith('--')) values.set(name, value);
    for (const [name, value] of given) if (name.startsWith('--')) values.set(name, value);
    const read = (name: string): string | undefined => values.get(name);
    for (const [name, [initial, isInherited]] of Object.entries(PROPERTIES)) {
      const inherited = isInherited ? (parent?.get(name) ?? initial) : initial;
      const own = given.get(name);
      values.set(name, own === undefined ? inherited : computeValue(own, read, values.get('color') ?? inherited));
    }
    computed.set(element, values);
    return values;
  }

  return (element) => {
    const values = valuesOf(element);
    const get = (name: string): string => values.get(name) ?? '';
    return {
      display: get('display'),
      visibility: get('visibility'),
      opacity: get('opacity'),
      fill: get('fill'),
      stroke: get('stroke'),
      strokeWidth: get('stroke-width'),
      strokeDasharray: get('stroke-dasharray'),
      strokeLinecap: get('stroke-linecap'),
      strokeLinejoin: get('stroke-linejoin'),
      paintOrder: get('paint-order'),
      r: get('r'),
      fontFamily: get('font-family'),
      fontSize: get('font-size'),
      fontWeight: get('font-weight'),
      textAnchor: get('text-anchor'),
      getPropertyValue: get,
    };
  };
}
