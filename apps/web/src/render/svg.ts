// Small helpers for SVG elements. Text always goes in as text.

export const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

/** A child that the enter step made. */
export function child<Name extends keyof SVGElementTagNameMap>(
  parent: Element,
  selector: string,
  _name: Name,
): SVGElementTagNameMap[Name] {
  const found = parent.querySelector<SVGElementTagNameMap[Name]>(selector);
  if (found === null) throw new Error(`no ${selector} in the map's element`);
  return found;
}

export function write(element: SVGTextElement, text: string, x: number, y: number): void {
  if (element.textContent !== text) element.textContent = text;
  element.setAttribute('x', String(x));
  element.setAttribute('y', String(y));
}

export function resize(rect: SVGRectElement, width: number, height: number, radius: number): void {
  rect.setAttribute('width', String(width));
  rect.setAttribute('height', String(height));
  rect.setAttribute('rx', String(radius));
}
