// The map: SVG for what stands still, one canvas for what moves, and between them nothing of React.
import type { Exchange } from '@hopscope/model';
import { describeFocus, netnsOf } from '../graph/describe-focus.ts';
import { lessonAt } from '../graph/lesson.ts';
import { createRouter } from '../graph/route.ts';
import { searchMap } from '../graph/search.ts';
import { type Box, centre } from '../lib/geometry.ts';
import { type ExchangeStep, stepAt } from '../store/steps.ts';
import { createCallouts } from './callouts.ts';
import { type Camera, createCamera } from './camera.ts';
import { type DepictedPart, type Depiction, growBox, screenFrame, wholeFrame } from './depiction.ts';
import { isSameZoom, SMALLEST_TYPE, zoomAt } from './detail.ts';
import { createDotBudget } from './dot-budget.ts';
import { findExplained } from './explained-leg.ts';
import { createFlights, MAX_FLIGHTS } from './flights.ts';
import { createMapFocus } from './map-focus.ts';
import { createMapPainter, type MapState } from './map-painter.ts';
import { createMinimap, type Minimap } from './minimap.ts';
import { paintCounters } from './paint-counters.ts';
import { barsOf } from './paint-devices.ts';
import { type PacketScene, paintPackets } from './paint-packets.ts';
import { paintPath } from './paint-path.ts';
import { readPalette } from './palette.ts';
import { mountPlaceDrag } from './place-drag.ts';
import type { Scene, SceneOptions, ScenePlace } from './scene-api.ts';
import { buildSchedule, noSchedule, type Schedule } from './schedule.ts';
import { viewTransform, visibleBox } from './spaces.ts';
import { buildStage, fitCanvas, layerOf, type Stage, sizeOf } from './stage.ts';

interface Layers extends Stage {
  readonly camera: Camera;
  readonly minimap: Minimap;
}

/** Addresses can be read, and what is around it is still to be seen. */
const READABLE_SCALE = 0.8;
/** Counters that change more often than this are motion, too. */
const COUNTERS_EVERY_MS = 500;
/** Read from the last row of a class. */
const TEACHING_TYPE = 12;
const EMPTY_BOX: Box = { x: 0, y: 0, width: 1, height: 1 };

export function createScene(options: SceneOptions): Scene {
  const { frames, prefersReducedMotion } = options;
  let map: MapState | null = null;
  let layers: Layers | null = null;
  let selected: Exchange | null = null;
  let compared: Exchange | null = null;
  let smallestType = SMALLEST_TYPE;
  /** The flight that is explained, as long as it lasts. */
  let explained: number | null = null;
  /** Number of the hop. */
  let step: number | null = null;
  /** Without motion the path of the latest exchange is shown instead. */
  let latest: Exchange | null = null;
  /** To be shown when there is an element to show it in. */
  let wantedPlace: ScenePlace | null = null;
  let isPaused = false;
  let stretch = 50_000;
  let isCanvasClear = true;
  /** Marks grow old only while the page is not paused. */
  let activeMs = 0;
  let tickedMs = performance.now();
  let countedMs = 0;
  const callouts = createCallouts(options.onPick);
  const focus = createMapFocus(paintFocus);
  const painter = createMapPainter(options.devices);

  const flights = createFlights({
    buildSchedule: scheduleOf,
    onDrop: (schedule, drop, count) => {
      noteDrop(schedule, drop.node, drop.point, count);
    },
  });

  function scheduleOf(exchange: Exchange): Schedule {
    if (map === null) return noSchedule(exchange);
    return buildSchedule(exchange, map.graph, map.placement, map.router, stretch);
  }

  function noteDrop(schedule: Schedule, node: string, point: { x: number; y: number }, count: number): void {
    const { exchange } = schedule;
    const words = options.dropWords(exchange);
    callouts.note({ node, point, exchange, words, count, atMs: activeMs });
    paintMarks();
  }

  function paintMarks(): void {
    if (layers !== null) paintMarksWithin(visibleBox(layers.camera.view, sizeOf(layers)));
  }

  function paintMarksWithin(visible: Box): void {
    if (layers === null || map === null) return;
    const { overlay } = layers;
    const drops = overlay.select<SVGGElement>('g.drops');
    callouts.paint(drops, map.placement, visible, painter.fitter, painter.zoom.type, selected !== null);
  }

  function paintMap(): void {
    if (layers === null || map === null) return;
    layers.minimap.setPlacement(map.placement);
    painter.paint(layers.world, map);
    paintFocus();
    paintLit();
    paintMarks();
  }

  function paintCountersNow(): void {
    if (layers === null || map === null) return;
    const wires = prefersReducedMotion() ? [...map.placement.wires.values()] : [];
    paintCounters(layerOf(layers.world, 'counters'), wires, map.graph, options.devices.of);
  }

  function paintFocus(): void {
    if (layers !== null && map !== null) focus.paint(layers.world, map.graph);
  }

  function paintLit(): void {
    if (layers === null || map === null) return;
    const shown = selected ?? (prefersReducedMotion() ? latest : null);
    const schedule = shown === null ? null : scheduleOf(shown);
    const second = selected === null || compared === null ? null : scheduleOf(compared);
    const current = selected === null ? null : step;
    const { world } = layers;
    const { type } = painter.zoom;
    paintPath(world, layerOf(world, 'path'), layerOf(world, 'badges'), schedule, map.placement, type, second, current);
    world.classed('is-following', selected === null && shown !== null);
  }

  const packetScene = (): PacketScene => ({
    flights,
    stretch,
    selected: selected?.id ?? null,
    compared: compared?.id ?? null,
    bars: map === null ? [] : barsOf(map.placement),
  });

  const budget = createDotBudget(MAX_FLIGHTS);
  frames.onAdvance(({ stepMs }) => {
    if (!isPaused) flights.setCapacity(budget.note(stepMs));
    return flights.advance(stepMs, stretch, isPaused);
  });
  frames.onDraw(() => {
    if (layers === null || (flights.size === 0 && isCanvasClear)) return false;
    const { canvas, camera, palette } = layers;
    const context = canvas.getContext('2d');
    if (context === null) return false;
    // A window moved to another screen has other pixels and keeps its size.
    fitCanvas(layers);
    paintPackets(context, camera.view, sizeOf(layers), devicePixelRatio, palette, packetScene());
    isCanvasClear = flights.size === 0;
    return false;
  });

  function mount(element: HTMLElement): () => void {
    const stage = buildStage(element);
    const { world, overlay } = stage;
    focus.mount(element);
    mountPlaceDrag({
      element,
      layer: overlay,
      view: () => camera.view,
      placed: (netns) => map?.placement.namespaces.find((each) => each.node.id === netns),
      onPlace: (placed, corner) => options.onPlace(placed.node, corner),
    });
    const minimap = createMinimap(element, (point) => camera.centreOn(point, 0, false));
    const camera: Camera = createCamera(
      element,
      frames,
      (view) => {
        world.attr('transform', viewTransform(view));
        overlay.attr('transform', viewTransform(view));
        isCanvasClear = false;
        minimap.setVisible(visibleBox(view, sizeOf(stage)));
        const next = zoomAt(view.scale, smallestType);
        if (!isSameZoom(next, painter.zoom)) {
          painter.zoom = next;
          paintMap();
        }
        frames.request();
      },
      prefersReducedMotion,
    );
    layers = { ...stage, camera, minimap };
    const observer = new ResizeObserver(() => {
      fitCanvas(stage);
      isCanvasClear = false;
      if (map !== null) camera.follow(map.placement.bounds);
      frames.request();
    });
    observer.observe(element);
    paintMap();
    if (wantedPlace !== null) camera.show(wantedPlace.scale, wantedPlace);
    else if (map !== null) camera.follow(map.placement.bounds);
    return () => {
      observer.disconnect();
      camera.dispose();
      element.replaceChildren();
      layers = null;
    };
  }

  function holdAt(exchange: Exchange, at: ExchangeStep): void {
    const schedule = scheduleOf(exchange);
    if (schedule.steps.length === 0) return;
    const originNs = Math.min(...schedule.steps.map(({ crossing }) => crossing.t));
    const t = at.kind === 'drop' ? at.drop.t : (schedule.steps[at.number - 1]?.crossing.t ?? originNs);
    flights.hold(exchange, t - originNs);
    if (at.kind === 'hop') return;
    for (const drop of schedule.drops) noteDrop(schedule, drop.node, drop.point, 1);
  }

  function depict<Picture>(part: DepictedPart, draw: (depiction: Depiction) => Picture): Picture | null {
    if (layers === null || map === null) return null;
    const { palette, camera } = layers;
    const world = layers.world.node();
    const overlay = layers.overlay.node();
    if (world === null || overlay === null) return null;
    const shownZoom = painter.zoom;
    if (part === 'whole') {
      painter.zoom = zoomAt(1, smallestType);
      paintMap();
      paintMarksWithin(growBox(map.placement.bounds));
    }
    try {
      const frame = part === 'whole' ? wholeFrame(layers, map.placement.bounds) : screenFrame(layers, camera.view);
      return draw({
        ...frame,
        world,
        overlay,
        paintPackets: (context) => paintPackets(context, frame.view, frame.size, 1, palette, packetScene()),
      });
    } finally {
      painter.zoom = shownZoom;
      if (part === 'whole') paintMap();
    }
  }

  function clearTraffic(): void {
    flights.clear();
    callouts.clear();
    latest = null;
    isCanvasClear = false;
    paintMarks();
  }

  return {
    mount,
    focus,
    search: (query) => (map === null ? [] : searchMap(map.whole, query)),
    goTo(target) {
      const netns = map === null ? undefined : netnsOf(target, map.whole);
      if (netns !== undefined && map?.graph.byNetns.has(netns) === false) options.onWake([netns]);
      const box = map?.placement.boxes.get(target.id);
      if (box !== undefined) layers?.camera.centreOn(centre(box), READABLE_SCALE, true);
      focus.set({ target, isKept: true, side: 'right' });
    },
    describe(target) {
      if (map === null) return null;
      const sampledOneIn = options.sampledOneIn();
      return describeFocus(target, {
        graph: map.graph,
        folded: map.placement.folded?.namespaces ?? [],
        countOf: options.devices.of,
        mismatches: painter.mismatches,
        sampledOneIn,
      });
    },
    setMap(whole, graph, placement, hostLine) {
      map = { whole, graph, placement, hostLine, router: createRouter(graph) };
      flights.rebuild();
      paintMap();
      layers?.camera.follow(placement.bounds);
      // Also while nothing moves: what stands still stands on the new lines.
      isCanvasClear = false;
      frames.request();
    },
    showExchange(exchange) {
      if (isPaused || map === null) return;
      if (!prefersReducedMotion()) {
        flights.show(exchange);
        frames.request();
        return;
      }
      latest = exchange;
      if (exchange.drop !== null) {
        const schedule = scheduleOf(exchange);
        for (const drop of schedule.drops) noteDrop(schedule, drop.node, drop.point, 1);
      }
    },
    hideExchange(id) {
      if (id !== selected?.id && id !== compared?.id) flights.hide(id);
    },
    retain(passes) {
      flights.retain((id) => id === selected?.id || id === compared?.id || passes(id));
      callouts.retain(passes);
      if (latest !== null && !passes(latest.id)) latest = null;
      paintLit();
      paintMarks();
      isCanvasClear = false;
      frames.request();
    },
    select(exchange) {
      selected = exchange;
      const drop = exchange === null ? undefined : scheduleOf(exchange).drops[0];
      const words = exchange === null ? undefined : options.dropWords(exchange);
      callouts.pin(
        exchange === null || drop === undefined || words === undefined
          ? null
          : { node: drop.node, point: drop.point, exchange, words, count: 1, atMs: activeMs },
      );
      paintLit();
      paintMarks();
      isCanvasClear = false;
      frames.request();
    },
    compare(exchange) {
      compared = exchange;
      paintLit();
      isCanvasClear = false;
      frames.request();
    },
    setTeaching(isTeaching) {
      smallestType = isTeaching ? TEACHING_TYPE : SMALLEST_TYPE;
      if (layers !== null) painter.zoom = zoomAt(layers.camera.view.scale, smallestType);
      paintMap();
    },
    lesson(titleOf) {
      if (map === null) return null;
      // Of the selected exchange, else of the one that was explained last, else of any.
      const found = findExplained(flights, selected?.id ?? explained, selected === null);
      if (found === null) return null;
      explained = found.exchange;
      return lessonAt(found.leg, map.graph, titleOf);
    },
    replay(exchange, isLooping) {
      if (prefersReducedMotion()) return;
      flights.replay(exchange, isLooping);
      frames.request();
    },
    endLoops: flights.endLoops,
    setStep(exchange, next) {
      const at = exchange === null ? null : stepAt(exchange, next);
      step = at?.kind === 'hop' ? at.number : null;
      flights.letGo();
      if (exchange !== null && at !== null) holdAt(exchange, at);
      paintLit();
      isCanvasClear = false;
      frames.request();
    },
    showMoment(sights) {
      clearTraffic();
      if (map === null) return;
      if (prefersReducedMotion()) latest = sights[sights.length - 1]?.exchange ?? null;
      else for (const { exchange, ageMs } of sights) flights.place(exchange, ageMs, stretch);
      paintLit();
      frames.request();
    },
    setPaused(paused) {
      isPaused = paused;
      frames.request();
    },
    setStretch(factor) {
      stretch = factor;
    },
    refreshPalette() {
      if (layers !== null) layers.palette = readPalette(layers.element);
      isCanvasClear = false;
      frames.request();
    },
    tick(nowMs) {
      layers?.camera.tick(nowMs);
      if (!isPaused) activeMs += nowMs - tickedMs;
      tickedMs = nowMs;
      if (layers !== null && map !== null) painter.paintCounts(layers.world, map);
      if (callouts.prune(activeMs)) paintMarks();
      if (prefersReducedMotion() && selected === null) paintLit();
      if (nowMs - countedMs >= COUNTERS_EVERY_MS) {
        countedMs = nowMs;
        paintCountersNow();
      }
    },
    clearTraffic,
    depict,
    get place() {
      if (layers === null) return wantedPlace;
      const { isFollowing, view, middle } = layers.camera;
      return isFollowing ? null : { scale: view.scale, ...middle };
    },
    showPlace(place) {
      wantedPlace = place;
      if (place !== null) layers?.camera.show(place.scale, place);
      else if (layers?.camera.isFollowing === false) layers.camera.fit(map?.placement.bounds ?? EMPTY_BOX, true);
    },
    fit: () => layers?.camera.fit(map?.placement.bounds ?? EMPTY_BOX, true),
    zoomBy: (factor) => layers?.camera.zoomBy(factor),
    panBy: (x, y) => layers?.camera.panBy(x, y),
    get aspect() {
      const { clientWidth = 0, clientHeight = 0 } = layers?.element ?? {};
      return clientWidth > 0 && clientHeight > 0 ? clientWidth / clientHeight : null;
    },
    get inFlight() {
      return { dots: flights.size, packets: flights.packets, largest: flights.largest };
    },
  };
}
