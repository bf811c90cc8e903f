// All that is folded as one quiet box: a pile of which only the uppermost is seen.

import { describeNamespace } from '../graph/describe.ts';
import { FOLDED_NODE, foldedTitle } from '../graph/describe-focus.ts';
import type { PlacedFolded } from '../layout/placement.ts';
import type { Zoom } from './detail.ts';
import { FONT } from './fonts.ts';
import type { Layer } from './paint-boxes.ts';
import { child, resize, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

const PAD = 14;
/** How far those below look out. */
const PILE = [8, 4, 0] as const;

export function paintFolded(
  layer: Layer,
  folded: PlacedFolded | null,
  fitter: TextFitter,
  { detail, type }: Zoom,
): void {
  layer
    .selectAll<SVGGElement, PlacedFolded>('g.folded')
    .data(folded === null ? [] : [folded], () => FOLDED_NODE)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'folded enter').attr('role', 'button').attr('tabindex', '0');
      group.append('title');
      for (const by of PILE) group.append('rect').attr('transform', `translate(${by} ${by})`);
      group.append('text').attr('class', 'folded-title');
      group.append('text').attr('class', 'folded-names');
      return group;
    })
    .each(function paint({ box, namespaces }) {
      const names = namespaces.map((node) => describeNamespace(node).title).join(', ');
      const title = foldedTitle(namespaces.length);
      this.dataset.node = FOLDED_NODE;
      this.setAttribute('aria-label', `${title}: ${names}`);
      this.setAttribute('transform', `translate(${box.x} ${box.y})`);
      child(this, 'title', 'title').textContent = `${title}, no packet for a minute: ${names}`;
      const height = box.height - PILE[0];
      for (const rect of this.querySelectorAll('rect')) resize(rect, box.width - PILE[0], height, 10);
      const inner = box.width - PILE[0] - 2 * PAD;
      const isOneLine = type > 1.3 || detail !== 'full';
      const texts = [title, `${namespaces.length} folded`, String(namespaces.length)];
      const titleY = isOneLine ? height / 2 + 4.5 * type : 21;
      write(child(this, '.folded-title', 'text'), fitter.fitOne(texts, FONT.strong, inner), PAD, titleY);
      write(child(this, '.folded-names', 'text'), isOneLine ? '' : fitter.fit(names, FONT.text, inner), PAD, 39);
    });
}
