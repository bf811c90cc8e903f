// The map: SVG for what stands still, one canvas for what moves, and between them nothing of React.
import type { Exchange } from '@hopscope/model';
import type { NetnsId } from '@hopscope/protocol';
import { select } from 'd3-selection';
import { describeFocus, type FocusTarget, type FocusWords } from '../graph/describe-focus.ts';
import type { Graph, NamespaceNode } from '../graph/graph.ts';
import { type Lesson, type LessonLeg, lessonAt } from '../graph/lesson.ts';
import { findMismatches, type Mismatches } from '../graph/mismatches.ts';
import { createRouter, type Router } from '../graph/route.ts';
import { type Hit, searchMap } from '../graph/search.ts';
import type { PlacedNamespace, Placement, Wire } from '../layout/placement.ts';
import { type Box, centre, type Point } from '../lib/geometry.ts';
import type { DeviceRates } from '../store/device-rates.ts';
import { type ExchangeStep, stepAt } from '../store/steps.ts';
import type { DropWords } from '../store/words.ts';
import { createCallouts } from './callouts.ts';
import { type Camera, createCamera } from './camera.ts';
import { isSameZoom, SMALLEST_TYPE, zoomAt } from './detail.ts';
import { createDotBudget } from './dot-budget.ts';
import { createFlights, MAX_FLIGHTS } from './flights.ts';
import type { FrameLoop } from './frame-loop.ts';
import { createMapFocus, type MapFocus } from './map-focus.ts';
import { createMinimap, type Minimap } from './minimap.ts';
import { type HostLine, type Layer, paintNamespaces, paintOutsides } from './paint-boxes.ts';
import { paintCovers, paintHeat } from './paint-covers.ts';
import { isBar, paintBarNames, paintDevices, paintStacks } from './paint-devices.ts';
import { paintPackets } from './paint-packets.ts';
import { paintPath } from './paint-path.ts';
import { paintSigns } from './paint-signs.ts';
import { paintFlow, paintWires } from './paint-wires.ts';
import { type Palette, readPalette } from './palette.ts';
import { mountPlaceDrag } from './place-drag.ts';
import { buildSchedule, type Schedule, type TimedLeg } from './schedule.ts';
import { viewTransform, visibleBox } from './spaces.ts';
import { createTextFitter, enlarge, type TextFitter } from './text-fit.ts';

export interface SceneOptions {
  readonly frames: FrameLoop;
  /** Why an exchange's packet was dropped, for the box on the map. */
  dropWords(exchange: Exchange): DropWords;
  onPick(exchange: Exchange): void;
  /** A person moved a namespace's box. */
  onPlace(node: NamespaceNode, corner: Point): void;
  /** What each device carries. */
  readonly devices: Pick<DeviceRates, 'of' | 'all'>;
  sampledOneIn(): number;
  prefersReducedMotion(): boolean;
}

/** In graph space. */
export interface ScenePlace extends Point {
  readonly scale: number;
}

export interface Scene {
  mount(element: HTMLElement): () => void;
  setMap(graph: Graph, placement: Placement, hostLine: HostLine): void;
  /** A new exchange, or more about one. Ignored while paused. */
  showExchange(exchange: Exchange): void;
  /** It is not to be seen any more, unless it is selected. */
  hideExchange(id: number): void;
  /** Hides what does not pass, marks of drops included, but for the exchange that is selected. */
  retain(passes: (id: number) => boolean): void;
  /** Lights its path; null lights none. */
  select(exchange: Exchange | null): void;
  /** Lights the path of another one beside the selected one's; null: none. */
  compare(exchange: Exchange | null): void;
  /** Type on the map for who sits far away. */
  setTeaching(isTeaching: boolean): void;
  /** About the place where the selected exchange's packet is just now, or one in flight; null when it is nowhere. */
  lesson(titleOf: (netns: NetnsId) => string): Lesson | null;
  replay(exchange: Exchange, isLooping: boolean): void;
  endLoops(): void;
  /** Holds its packet at one of its `stepsOf`; null lets it go. */
  setStep(exchange: Exchange | null, step: number | null): void;
  /** Everything that moved is gone; these are where they were so long after their beginning, in page time. */
  showMoment(sights: readonly { readonly exchange: Exchange; readonly ageMs: number }[]): void;
  setPaused(isPaused: boolean): void;
  setStretch(stretch: number): void;
  /** Colours changed. */
  refreshPalette(): void;
  /** Call a few times a second: old marks go, wires get the thickness of what they carry. */
  tick(nowMs: number): void;
  /** What is pointed at, or kept. */
  readonly focus: Pick<MapFocus, 'current' | 'set' | 'subscribe'>;
  search(query: string): Hit[];
  /** Brings it to the middle of the screen, large enough to be read, and keeps it bright. */
  goTo(target: FocusTarget): void;
  /** Of what is on the map now; null before the first. */
  describe(target: FocusTarget): FocusWords | null;
  clearTraffic(): void;
  fit(): void;
  /** Magnification and the point in the middle; null while all of the map is shown, whatever that is. */
  readonly place: ScenePlace | null;
  /** Null: shows everything. Also before there is a map. */
  showPlace(place: ScenePlace | null): void;
  zoomBy(factor: number): void;
  panBy(logicalX: number, logicalY: number): void;
  /** Width / height of the map's element; null before it is on the page. */
  readonly aspect: number | null;
  /** Dots drawn and packets they stand for. */
  readonly inFlight: { readonly dots: number; readonly packets: number };
}

interface MapState {
  readonly graph: Graph;
  readonly placement: Placement;
  readonly hostLine: HostLine;
  readonly router: Router;
}

interface Layers {
  readonly element: HTMLElement;
  readonly world: Layer;
  readonly overlay: Layer;
  readonly canvas: HTMLCanvasElement;
  readonly camera: Camera;
  readonly minimap: Minimap;
  palette: Palette;
}

const WORLD_LAYERS = [
  'host',
  'far-wires',
  'boxes',
  'near-wires',
  'bars',
  'path',
  'bar-names',
  'devices',
  'covers',
  'signs',
  'badges',
] as const;
/** Of an exchange that came before the map. */
const noSchedule = (exchange: Exchange): Schedule => ({
  exchange,
  legs: [],
  steps: [],
  drops: [],
  startNs: 0,
  endNs: 0,
  isChain: true,
  waits: [],
});
/** Addresses can be read, and what is around it is still to be seen. */
const READABLE_SCALE = 0.8;
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
  const callouts = createCallouts(options.onPick);
  const focus = createMapFocus(paintFocus);
  let mismatches: Mismatches = new Map();
  let mismatchKey = '';

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
    if (layers === null || map === null) return;
    const { element, camera, overlay } = layers;
    const visible = visibleBox(camera.view, { width: element.clientWidth, height: element.clientHeight });
    const drops = overlay.select<SVGGElement>('g.drops');
    callouts.paint(drops, map.placement, visible, usualFitter(), zoom.type, selected !== null);
  }

  const layer = (name: string): Layer => (layers as Layers).world.select<SVGGElement>(`g.${name}`);

  let textFitter: TextFitter | null = null;
  let zoom = zoomAt(1);
  function usualFitter(): TextFitter {
    textFitter ??= createTextFitter();
    return textFitter;
  }

  function paintMap(): void {
    if (layers === null || map === null) return;
    const { placement, graph, hostLine } = map;
    const fitter = enlarge(usualFitter(), zoom.type);
    const devices = placement.namespaces.flatMap((placed) => placed.devices);
    const isHost = (each: PlacedNamespace): boolean => each.role === 'host';
    const others = placement.namespaces.filter((each) => !isHost(each));
    layers.minimap.setPlacement(placement);
    layers.world.style('--type', zoom.type);
    layers.world.classed('is-far', zoom.detail === 'counts' || zoom.detail === 'heat');
    paintNamespaces(layer('host'), placement.namespaces.filter(isHost), hostLine, fitter, zoom);
    paintNamespaces(layer('boxes'), others, hostLine, fitter, zoom);
    paintOutsides(layer('boxes'), placement.outsides, fitter, zoom);
    // A wire to a farther box passes behind the nearer ones; one inside a box lies on it.
    const wires = [...placement.wires.values()];
    const isFar = ({ edge }: Wire): boolean =>
      edge.kind !== 'stack' &&
      edge.kind !== 'loop' &&
      graph.devices.get(edge.a)?.netns !== graph.devices.get(edge.b)?.netns;
    paintWires(layer('far-wires'), wires.filter(isFar));
    paintWires(
      layer('near-wires'),
      wires.filter((wire) => !isFar(wire)),
    );
    paintDevices(layer('bars'), devices.filter(isBar), fitter, zoom);
    paintBarNames(layer('bar-names'), devices.filter(isBar), wires, fitter, zoom);
    const ordered = devices.filter((each) => !isBar(each));
    paintStacks(layer('devices'), placement.namespaces, fitter, zoom);
    paintDevices(layer('devices'), ordered, fitter, zoom);
    paintCovers(layer('covers'), placement.namespaces, fitter, zoom);
    mismatchKey = '';
    paintCounts();
    paintFocus();
    paintLit();
    paintMarks();
  }

  function paintFocus(): void {
    if (layers !== null && map !== null) focus.paint(layers.world, map.graph);
  }

  /** What changes with what is carried. */
  function paintCounts(): void {
    if (layers === null || map === null) return;
    paintFlow(layers.world, map.graph, options.devices.of, zoom.type);
    paintHeat(layer('covers'), options.devices.of);
    mismatches = findMismatches(map.graph, options.devices.all());
    const key =
      [...mismatches].map(([node, found]) => node + found.map((each) => each.text).join()).join() +
      zoom.detail +
      zoom.type;
    if (key === mismatchKey) return;
    mismatchKey = key;
    paintSigns(layer('signs'), map.placement, mismatches, zoom);
  }

  function paintLit(): void {
    if (layers === null || map === null) return;
    const shown = selected ?? (prefersReducedMotion() ? latest : null);
    const schedule = shown === null ? null : scheduleOf(shown);
    const second = selected === null || compared === null ? null : scheduleOf(compared);
    const current = selected === null ? null : step;
    paintPath(layers.world, layer('path'), layer('badges'), schedule, map.placement, zoom.type, second, current);
    layers.world.classed('is-following', selected === null && shown !== null);
  }

  const budget = createDotBudget(MAX_FLIGHTS);
  frames.onAdvance(({ stepMs }) => {
    if (!isPaused) flights.setCapacity(budget.note(stepMs));
    return flights.advance(stepMs, stretch, isPaused);
  });
  frames.onDraw(() => {
    if (layers === null || (flights.size === 0 && isCanvasClear)) return false;
    const { canvas, camera, palette, element } = layers;
    const context = canvas.getContext('2d');
    if (context === null) return false;
    const size = { width: element.clientWidth, height: element.clientHeight };
    const scene = { flights, stretch, selected: selected?.id ?? null, compared: compared?.id ?? null };
    paintPackets(context, camera.view, size, devicePixelRatio, palette, scene);
    isCanvasClear = flights.size === 0;
    return false;
  });

  function mount(element: HTMLElement): () => void {
    const svg = select(element).append('svg').attr('class', 'map-svg').attr('role', 'group');
    svg.attr('aria-label', 'Network map');
    const world = svg.append('g').attr('class', 'world') as unknown as Layer;
    for (const name of WORLD_LAYERS) world.append('g').attr('class', name);
    const canvas = select(element).append('canvas').attr('class', 'map-canvas').attr('aria-hidden', 'true').node();
    const top = select(element).append('svg').attr('class', 'map-overlay');
    const overlay = top.append('g').attr('class', 'world') as unknown as Layer;
    overlay.append('g').attr('class', 'drops');
    if (canvas === null) throw new Error('no canvas');
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
        minimap.setVisible(visibleBox(view, { width: element.clientWidth, height: element.clientHeight }));
        const next = zoomAt(view.scale, smallestType);
        if (!isSameZoom(next, zoom)) {
          zoom = next;
          paintMap();
        }
        frames.request();
      },
      prefersReducedMotion,
    );
    layers = { element, world, overlay, canvas, camera, minimap, palette: readPalette(element) };
    const observer = new ResizeObserver(() => {
      canvas.width = Math.round(element.clientWidth * devicePixelRatio);
      canvas.height = Math.round(element.clientHeight * devicePixelRatio);
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

  /** Of the selected exchange, else of the one that was explained last, else of any. */
  function explainedLeg(): LessonLeg | null {
    const wanted = selected?.id ?? explained;
    let best: { schedule: Schedule; leg: TimedLeg } | null = null;
    flights.forEachDot(({ schedule }, leg) => {
      const isWanted = schedule.exchange.id === wanted;
      if (isWanted || (best === null && selected === null)) best = { schedule, leg };
    });
    if (best === null) return null;
    const { schedule, leg } = best as { schedule: Schedule; leg: TimedLeg };
    explained = schedule.exchange.id;
    const at = schedule.legs.indexOf(leg);
    const crossing = schedule.steps.find((step) => step.leg === at)?.crossing;
    const { request, reply, errors } = schedule.exchange;
    const journey = [request, reply, ...errors].find((each) => crossing && each?.crossings.includes(crossing));
    const isDropped = schedule.drops.some(({ node, atNs }) => node === leg.nodes.at(-1) && atNs === leg.endNs);
    return { nodes: leg.nodes, arrives: crossing && journey ? { crossing, journey } : null, isDropped };
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
    search: (query) => (map === null ? [] : searchMap(map.graph, query)),
    goTo(target) {
      const box = map?.placement.boxes.get(target.id);
      if (box !== undefined) layers?.camera.centreOn(centre(box), READABLE_SCALE, true);
      focus.set({ target, isKept: true, side: 'right' });
    },
    describe(target) {
      if (map === null) return null;
      const sampledOneIn = options.sampledOneIn();
      return describeFocus(target, { graph: map.graph, countOf: options.devices.of, mismatches, sampledOneIn });
    },
    setMap(graph, placement, hostLine) {
      map = { graph, placement, hostLine, router: createRouter(graph) };
      flights.rebuild();
      paintMap();
      layers?.camera.follow(placement.bounds);
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
      if (layers !== null) zoom = zoomAt(layers.camera.view.scale, smallestType);
      paintMap();
    },
    lesson(titleOf) {
      if (map === null) return null;
      const found = explainedLeg();
      return found === null ? null : lessonAt(found, map.graph, titleOf);
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
      paintCounts();
      if (callouts.prune(activeMs)) paintMarks();
      if (prefersReducedMotion() && selected === null) paintLit();
    },
    clearTraffic,
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
      return { dots: flights.size, packets: flights.packets };
    },
  };
}
