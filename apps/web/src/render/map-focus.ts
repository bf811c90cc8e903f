// What the pointer is on, or what a click, the search or a key keeps: it stays bright and the rest is dimmed.

import type { NetnsId } from '@hopscope/protocol';
import { FOLDED_NODE, type FocusTarget, focusSet } from '../graph/describe-focus.ts';
import { type Graph, stackNode } from '../graph/graph.ts';
import type { Layer } from './paint-boxes.ts';

export interface Focus {
  readonly target: FocusTarget;
  /** Until Escape or a click elsewhere; else as long as the pointer is on it. */
  readonly isKept: boolean;
  /** Where words about it hide nothing of it. */
  readonly side: 'left' | 'right';
}

export interface MapFocus {
  readonly current: Focus | null;
  set(focus: Focus | null): void;
  subscribe(listener: () => void): () => void;
  /** Listens to the pointer on the map. */
  mount(element: HTMLElement): void;
  /** The map was painted anew. */
  paint(world: Layer, graph: Graph): void;
}

const THINGS = '[data-edge], g.device[data-node], g.bar-name[data-node], g.cover, g.sign, g.stack, g.folded';

export function createMapFocus(onChange: () => void): MapFocus {
  const listeners = new Set<() => void>();
  let current: Focus | null = null;

  function set(focus: Focus | null): void {
    if (focus?.target.id === current?.target.id && focus?.isKept === current?.isKept) return;
    current = focus;
    onChange();
    for (const listener of listeners) listener();
  }

  function targetOf(event: Event): FocusTarget | null {
    const thing = event.target instanceof Element ? event.target.closest<SVGElement>(THINGS) : null;
    if (thing === null) return null;
    const { edge, node = '', netns } = thing.dataset;
    if (node === FOLDED_NODE) return { kind: 'folded', id: node };
    if (edge !== undefined) return { kind: 'edge', id: edge };
    if (netns !== undefined) return { kind: 'namespace', id: stackNode(netns as NetnsId) };
    return { kind: node.startsWith('stack:') ? 'namespace' : 'device', id: node };
  }

  const sideOf = (event: MouseEvent, element: Element): Focus['side'] => {
    const { left, width } = element.getBoundingClientRect();
    return event.clientX > left + width / 2 ? 'left' : 'right';
  };

  return {
    get current() {
      return current;
    },
    set,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mount(element) {
      element.addEventListener('pointerover', (event) => {
        // A finger has no hover, and a pressed button moves the map.
        if (current?.isKept === true || event.pointerType === 'touch' || event.buttons !== 0) return;
        const target = targetOf(event);
        set(target === null ? null : { target, isKept: false, side: sideOf(event, element) });
      });
      element.addEventListener('pointerleave', () => {
        if (current?.isKept === false) set(null);
      });
      element.addEventListener('keydown', (event) => {
        if ((event.key !== 'Enter' && event.key !== ' ') || !(event.target as Element).matches('g.folded')) return;
        event.preventDefault();
        set({ target: { kind: 'folded', id: FOLDED_NODE }, isKept: true, side: 'right' });
      });
      element.addEventListener('click', (event) => {
        const target = targetOf(event);
        set(target === null ? null : { target, isKept: true, side: sideOf(event, element) });
      });
    },
    paint(world, graph) {
      const bright = current === null ? null : focusSet(current.target, graph);
      world.classed('has-focus', bright !== null);
      const mark = (selector: string, key: 'node' | 'edge'): void => {
        world.selectAll<SVGElement, unknown>(selector).each(function toggle() {
          this.classList.toggle('is-focus', bright?.has(this.dataset[key] ?? '') ?? false);
        });
      };
      mark('[data-node]', 'node');
      mark('[data-edge]', 'edge');
    },
  };
}
