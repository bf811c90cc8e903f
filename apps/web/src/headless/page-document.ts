// As much of a page as the code that paints the map asks for, where there is no browser.
import { parseHTML } from 'linkedom';
import { createStyles } from './computed-style.ts';
import { MAP_STYLES } from './map-styles.ts';
import { textWidth } from './measure.ts';
import { parseStyleSheet } from './style-sheet.ts';

const RULES = parseStyleSheet(MAP_STYLES);

/** A canvas that can do nothing but tell how wide text is. */
function measuringCanvas() {
  const context = { font: '', measureText: (text: string) => ({ width: textWidth(text, context.font) }) };
  return { getContext: () => context };
}

/** Makes it what the global names stand for. @returns the element that the map is drawn into */
export function openDocument(theme: 'light' | 'dark'): HTMLElement {
  const page = `<html data-theme="${theme}"><body><main class="map"><div class="map-view"></div></main></body></html>`;
  const { document } = parseHTML(`<!doctype html>${page}`);
  const element = document.querySelector<HTMLElement>('.map-view');
  if (element === null) throw new Error('no element for the map');
  Object.assign(globalThis, {
    document: {
      documentElement: document.documentElement,
      createElement: measuringCanvas,
      createElementNS: (namespace: string, name: string) => document.createElementNS(namespace, name),
    },
    getComputedStyle: createStyles(RULES),
  });
  return element;
}
