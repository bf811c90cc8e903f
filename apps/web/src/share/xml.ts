// XML as text, well formed whatever the names on a machine hold.
import { plainText } from '@hopscope/model';

/** Of what XML 1.0 has no way to write, what `plainText` leaves: two non-characters. */
const UNWRITABLE = /[\ufffe\uffff]/g;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeXml = (text: string): string =>
  plainText(text)
    .replace(UNWRITABLE, '?')
    .replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** @param content markup */
export function tag(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => ` ${key}="${escapeXml(typeof value === 'number' ? short(value) : String(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A hundredth of a pixel is enough. */
export const short = (value: number): string => String(Math.round(value * 100) / 100);
