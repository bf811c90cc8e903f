// The map drawn without a browser, by the code that draws it on the page.
import type { PictureRequest } from '@hopscope/model';
import { buildGraph } from '../graph/build.ts';
import { createRouter } from '../graph/route.ts';
import { layOut } from '../layout/layout.ts';
import { type Box, unite } from '../lib/geometry.ts';
import { createCallouts } from '../render/callouts.ts';
import { growBox } from '../render/depiction.ts';
import { FONT } from '../render/fonts.ts';
import { createMapPainter, type MapState } from '../render/map-painter.ts';
import { paintPath } from '../render/paint-path.ts';
import { buildSchedule, type Schedule } from '../render/schedule.ts';
import { viewTransform } from '../render/spaces.ts';
import { buildStage, layerOf, type Stage } from '../render/stage.ts';
import type { TextFitter } from '../render/text-fit.ts';
import { flatten } from '../share/flatten.ts';
import type { Body } from '../share/sheet.ts';
import { tag } from '../share/xml.ts';
import { createDeviceRates } from '../store/device-rates.ts';
import type { Names } from '../store/names.ts';
import { dropSentence, dropWords } from '../store/words.ts';

const MARGIN = 16;
/** Wide enough for a report. */
const ASPECT = 1.6;
/** Page time for a second of packet time; nothing moves here. */
const STRETCH = 50_000;

/** @returns the map, and what measured its text; null when there is nothing to draw */
export function drawMap(
  element: HTMLElement,
  request: PictureRequest,
  names: Names,
): { body: Omit<Body, 'ground'>; fitter: TextFitter } | null {
  const { topology, hello, exchanges, selected } = request;
  const graph = buildGraph(topology);
  const layout = layOut(graph, null, ASPECT);
  if (layout === null) return null;
  const { placement } = layout;
  const stage = buildStage(element);
  const hostLine = { name: hello.host.name, kernel: hello.host.kernel };
  const map: MapState = { whole: graph, graph, placement, hostLine, router: createRouter(graph) };
  // Of nothing that passes now: every wire is as thick as one that carries nothing.
  const painter = createMapPainter(createDeviceRates());
  painter.paint(stage.world, map);
  const { world } = stage;
  const scheduleOf = (exchange: (typeof exchanges)[number]): Schedule =>
    buildSchedule(exchange, graph, placement, map.router, STRETCH);
  const lit = selected === null ? null : scheduleOf(selected);
  paintPath(world, layerOf(world, 'path'), layerOf(world, 'badges'), lit, placement, 1, null, null);

  const callouts = createCallouts(() => undefined);
  for (const exchange of selected === null ? exchanges : [selected]) {
    if (exchange.drop === null) continue;
    const words = dropWords(exchange, names, dropSentence(exchange, topology, request.factsAbout(exchange)));
    for (const { node, point } of scheduleOf(exchange).drops.slice(0, 1)) {
      const site = { node, point, exchange, words, count: 1, atMs: 0 };
      if (selected === null) callouts.note(site);
      else callouts.pin(site);
    }
  }
  const drops = stage.overlay.select<SVGGElement>('g.drops');
  callouts.paint(drops, placement, growBox(placement.bounds), painter.fitter, 1, selected !== null);
  return { body: bodyOf(stage, placement.bounds), fitter: painter.fitter };
}

function bodyOf({ world, overlay }: Stage, bounds: Box): Omit<Body, 'ground'> {
  const box = calloutBoxes(overlay.node()).reduce(unite, bounds);
  const view = { scale: 1, x: MARGIN - box.x, y: MARGIN - box.y };
  const options = { styleOf: getComputedStyle, isShown: () => true, font: FONT.text };
  const layers = [world.node(), overlay.node()].map((layer) =>
    [...(layer?.children ?? [])].map((child) => flatten(child, options)).join(''),
  );
  return {
    markup: tag('g', { transform: viewTransform(view) }, layers.join('')),
    width: Math.ceil(box.width) + 2 * MARGIN,
    height: Math.ceil(box.height) + 2 * MARGIN,
  };
}

/** Boxes about drops may stand beside the map. */
function calloutBoxes(overlay: Element | null): Box[] {
  return [...(overlay?.querySelectorAll('.callout:not(.is-empty)') ?? [])].map((callout) => {
    const rect = callout.querySelector('rect');
    const [mark, own] = [callout.parentElement, callout].map((each) => {
      const [, x = '0', y = '0'] =
        /translate\(([-\d.e]+)[ ,]+([-\d.e]+)\)/.exec(each?.getAttribute('transform') ?? '') ?? [];
      return { x: Number(x), y: Number(y) };
    });
    return {
      x: (mark?.x ?? 0) + (own?.x ?? 0),
      y: (mark?.y ?? 0) + (own?.y ?? 0),
      width: Number(rect?.getAttribute('width') ?? 0),
      height: Number(rect?.getAttribute('height') ?? 0),
    };
  });
}
