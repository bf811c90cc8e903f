// The part of CSS that the map's style sheet uses, for where there is no browser: rules by specificity, what is inherited, custom properties.

export interface Rule {
  readonly selector: string;
  readonly specificity: number;
  /** Its place among all. */
  readonly order: number;
  readonly declarations: ReadonlyMap<string, string>;
}

/** States of a pointer or the keyboard, parts that no picture has. */
const INTERACTIVE = /:hover|:focus|:active|:disabled|:checked|::|:has\(|popover/;

/** What depends on the device or moves (`@media`, `@keyframes`) is left out: a picture has the theme that was asked for. */
export function parseStyleSheet(css: string): Rule[] {
  const rules: Rule[] = [];
  const plain = withoutAtRules(css.replace(/\/\*[\s\S]*?\*\//g, ''));
  for (const [, selectors = '', body = ''] of plain.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const declarations = new Map(expandFont(declarationsOf(body)));
    for (const selector of splitList(selectors)) {
      if (INTERACTIVE.test(selector)) continue;
      rules.push({ selector, specificity: specificityOf(selector), order: rules.length, declarations });
    }
  }
  return rules.sort((a, b) => a.specificity - b.specificity || a.order - b.order);
}

function withoutAtRules(css: string): string {
  let out = '';
  let at = 0;
  for (let start = css.indexOf('@'); start >= 0; start = css.indexOf('@', at)) {
    out += css.slice(at, start);
    const open = css.indexOf('{', start);
    const end = css.indexOf(';', start);
    at = end >= 0 && (open < 0 || end < open) ? end + 1 : closeOf(css, open);
  }
  return out + css.slice(at);
}

/** After the brace that closes the one at `open`. */
function closeOf(css: string, open: number): number {
  let depth = 0;
  for (let i = open; i < css.length; i++) {
    if (css[i] === '{') depth++;
    if (css[i] === '}' && --depth === 0) return i + 1;
  }
  return css.length;
}

const declarationsOf = (body: string): [string, string][] =>
  body.split(';').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as [string, string]];
  });

/** `font: 600 12px / 18px family` */
const expandFont = (declarations: readonly [string, string][]): [string, string][] =>
  declarations.flatMap(([name, value]) => {
    const parts =
      name === 'font' ? /^(?:(\d+) )?((?:calc\((?:[^()]|\([^()]*\))*\))|\S+)(?: \/ \S+)? (.+)$/.exec(value) : null;
    if (parts === null) return [[name, value] as [string, string]];
    return [
      ['font-weight', parts[1] ?? '400'],
      ['font-size', parts[2] ?? ''],
      ['font-family', parts[3] ?? ''],
    ] as [string, string][];
  });

/** At commas outside of parentheses. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (i < text.length && (text[i] !== ',' || depth > 0)) continue;
    parts.push(text.slice(from, i).trim());
    from = i + 1;
  }
  return parts.filter((part) => part !== '');
}

const [ID, CLASS, TYPE] = [1e6, 1e3, 1];

/** `:is()` and `:not()` count as the weightiest of what they hold. */
function specificityOf(selector: string): number {
  let inner = 0;
  const rest = selector.replace(/:(?:is|not)\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g, (_, list: string) => {
    inner += Math.max(...splitList(list).map(specificityOf));
    return '';
  });
  const count = (pattern: RegExp): number => rest.match(pattern)?.length ?? 0;
  const bare = rest.replace(/\[[^\]]*\]/g, '').replace(/[.#:][\w-]+/g, '');
  return (
    inner +
    ID * count(/#[\w-]+/g) +
    CLASS * count(/\.[\w-]+|\[[^\]]*\]|:[\w-]+/g) +
    TYPE * (bare.match(/[\w-]+/g)?.length ?? 0)
  );
}
