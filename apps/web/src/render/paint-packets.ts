// Packets in flight on the canvas: one path per shape and colour, so that 2,000 dots are a handful of draw calls.
import type { Direction } from '@hopscope/model';
import { IFACE } from '../layout/metrics.ts';
import { formatCount, formatDuration } from '../lib/format.ts';
import { type Box, overlap, type Point } from '../lib/geometry.ts';
import { packetLabel } from '../store/exchange-words.ts';
import { drawnNsOf, type Flight, type Flights } from './flights.ts';
import { FONT } from './fonts.ts';
import type { Palette } from './palette.ts';
import { longWaitAt, type TimedLeg, trailOf } from './schedule.ts';
import type { Size, View } from './spaces.ts';
import { type Worn, wornAt } from './worn.ts';

export interface PacketScene {
  readonly flights: Flights;
  readonly stretch: number;
  /** Everything but this exchange is pale; null: nothing is. */
  readonly selected: number | null;
  /** Nor is the one it is compared with. */
  readonly compared: number | null;
  /** Bridges, in graph space: labels keep clear of their names. */
  readonly bars: readonly Box[];
}

/** What is needed of a canvas, so that the same packets can be drawn as SVG. */
export type PacketContext = Pick<
  CanvasRenderingContext2D,
  | 'setTransform'
  | 'clearRect'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'arc'
  | 'rect'
  | 'roundRect'
  | 'fill'
  | 'stroke'
  | 'fillText'
  | 'strokeText'
  | 'fillStyle'
  | 'strokeStyle'
  | 'globalAlpha'
  | 'lineWidth'
  | 'lineCap'
  | 'lineJoin'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
> & { measureText(text: string): Pick<TextMetrics, 'width'> };

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly flight: Flight;
  readonly leg: TimedLeg;
}

const DIRECTIONS: readonly Direction[] = ['request', 'reply', 'error'];
const RADIUS = 6.5;
/** A trail shows where a dot was this long ago: fast legs, some of which take a single frame, leave a streak. */
const TRAIL_MS = 280;
const MAX_TRAILS = 60;
const MAX_LABELS = 4;
const MAX_NEWS = 3;
const MAX_COUNTS = 40;
const LABEL_HEIGHT = 20;
const LINE = 15;
/** Page time for which a label says what NAT has just changed. */
const NEWS_MS = 1500;
const MAX_RINGS = 800;
const PALE = 0.22;

export function paintPackets(
  context: PacketContext,
  view: View,
  size: Size,
  pixelRatio: number,
  palette: Palette,
  scene: PacketScene,
): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const dots: Dot[] = [];
  scene.flights.forEachDot((flight, leg, point) => {
    const x = point.x * view.scale + view.x;
    const y = point.y * view.scale + view.y;
    if (x > -20 && y > -20 && x < size.width + 20 && y < size.height + 20) dots.push({ x, y, flight, leg });
  });
  if (dots.length === 0) return;
  const shown = [scene.selected, scene.compared];
  const isPale = (dot: Dot): boolean => scene.selected !== null && !shown.includes(dot.flight.schedule.exchange.id);
  const pale = dots.filter(isPale);
  const full = pale.length === 0 ? dots : dots.filter((dot) => !isPale(dot));
  // Dots keep their size on the screen, within reason, however far one zooms.
  const radius = RADIUS * Math.min(1.3, Math.max(0.6, view.scale));
  context.globalAlpha = PALE;
  paintDots(context, pale, radius, palette);
  context.globalAlpha = 1;
  if (full.length <= MAX_TRAILS) paintTrails(context, full, view, radius, palette, scene.stretch);
  paintDots(context, full, radius, palette);
  paintCounts(context, full, radius, palette);
  // Among many only those that NAT has just changed have a label.
  const isNews = (dot: Dot): boolean => wornBy(dot, scene.stretch)?.change != null;
  const toScreen = ({ x, y, width, height }: Box): Box => ({
    x: x * view.scale + view.x,
    y: y * view.scale + view.y,
    width: width * view.scale,
    height: height * view.scale,
  });
  const labelled =
    full.length <= MAX_LABELS ? full : full.length <= MAX_TRAILS ? full.filter(isNews).slice(0, MAX_NEWS) : [];
  if (labelled.length > 0) {
    paintLabels(context, labelled, view.scale, size.width, palette, scene.stretch, scene.bars.map(toScreen));
  }
}

/** Beside a dot that stands for several packets: how many. */
function paintCounts(context: PacketContext, dots: readonly Dot[], radius: number, palette: Palette): void {
  const bundles = dots.filter((dot) => dot.flight.count > 1);
  if (bundles.length === 0 || dots.length <= MAX_LABELS) return;
  // The largest, where there are too many to read.
  bundles.sort((a, b) => b.flight.count - a.flight.count);
  context.font = FONT.tag;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.strokeStyle = palette.ring;
  for (const { x, y, flight, leg } of bundles.slice(0, MAX_COUNTS)) {
    const text = `×${formatCount(flight.count)}`;
    const atX = x + radius * bundleScale(flight.count) + 2;
    context.strokeText(text, atX, y);
    context.fillStyle = palette.direction[leg.direction];
    context.fillText(text, atX, y);
  }
}

function paintDots(context: PacketContext, dots: readonly Dot[], radius: number, palette: Palette): void {
  for (const direction of DIRECTIONS) {
    context.beginPath();
    let any = false;
    for (const dot of dots) {
      if (dot.leg.direction !== direction) continue;
      any = true;
      addShape(context, shapeOf(dot), dot, radius * bundleScale(dot.flight.count));
    }
    if (!any) continue;
    if (dots.length <= MAX_RINGS) {
      context.lineWidth = 3;
      context.strokeStyle = palette.ring;
      context.stroke();
    }
    context.fillStyle = palette.direction[direction];
    context.fill();
  }
}

const bundleScale = (count: number): number => (count === 1 ? 1 : 1.2 + Math.log10(count) * 0.3);

/** A UDP or TCP packet asks for no answer: it is neither request nor reply. */
const shapeOf = ({ leg, flight }: Dot): Direction | 'data' =>
  leg.direction === 'request' && flight.schedule.exchange.kind !== 'echo' ? 'data' : leg.direction;

function addShape(context: PacketContext, shape: Direction | 'data', { x, y }: Point, r: number): void {
  if (shape === 'request') {
    context.moveTo(x + r, y);
    context.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  if (shape === 'data') {
    const half = r * 0.88;
    context.rect(x - half, y - half, 2 * half, 2 * half);
    return;
  }
  const reach = r * 1.22;
  context.moveTo(x, y - reach);
  if (shape === 'reply') {
    context.lineTo(x + reach, y);
    context.lineTo(x, y + reach);
    context.lineTo(x - reach, y);
  } else {
    context.lineTo(x + reach, y + reach * 0.8);
    context.lineTo(x - reach, y + reach * 0.8);
  }
  // Not closePath: in a path of a thousand shapes each call of it goes over the whole path again.
  context.lineTo(x, y - reach);
}

function paintTrails(
  context: PacketContext,
  dots: readonly Dot[],
  view: View,
  radius: number,
  palette: Palette,
  stretch: number,
): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = radius * 0.8;
  for (const { flight, leg } of dots) {
    const drawnNs = drawnNsOf(flight);
    const points = trailOf(flight.schedule, leg, drawnNs - (TRAIL_MS * 1e6) / stretch, drawnNs);
    context.strokeStyle = palette.direction[leg.direction];
    // Paler towards its end: the older half once, the newer half twice.
    for (const part of [points, points.slice(Math.floor(points.length / 2))]) {
      if (part.length < 2) continue;
      context.globalAlpha = 0.2;
      context.beginPath();
      for (const [i, point] of part.entries()) {
        const x = point.x * view.scale + view.x;
        const y = point.y * view.scale + view.y;
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function paintLabels(
  context: PacketContext,
  dots: readonly Dot[],
  scale: number,
  screenWidth: number,
  palette: Palette,
  stretch: number,
  bars: readonly Box[],
): void {
  context.font = FONT.label;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 1;
  const placed: Box[] = [];
  for (const { x, y, flight, leg } of dots) {
    const { exchange } = flight.schedule;
    const wait = longWaitAt(flight.schedule, flight.atNs, stretch);
    const mark = exchange.incomplete ? ' ◌' : '';
    const packet = `${packetLabel(exchange, leg.direction)}${mark}`;
    const text =
      wait !== null
        ? `${formatDuration(wait.endNs - wait.startNs)} later`
        : flight.count > 1
          ? `${formatCount(flight.count)} × ${exchange.kind === 'echo' ? leg.direction : exchange.kind.toUpperCase()}`
          : packet;
    const worn = wait !== null ? null : wornBy({ flight, leg }, stretch);
    const lines = worn === null ? [text] : [text, worn.change ?? worn.text];
    // Below the box that the dot may be in: its texts stand right above and below the lane.
    const top = y + (IFACE.height / 2) * scale + 3;
    const height = LABEL_HEIGHT + (lines.length - 1) * LINE;
    const width = Math.max(...lines.map((line) => context.measureText(line).width)) + 14;
    // A loopback stands beside the line that names idle devices.
    const wantedX = exchange.src === exchange.dst ? x + width / 2 - LABEL_HEIGHT : x;
    const leftX = besideBars({ x: wantedX - width / 2, y: top, width, height }, x, bars);
    const label = { x: Math.max(4, Math.min(screenWidth - width - 4, leftX)), y: top, width, height };
    // Two that overlap are both unreadable.
    if (placed.some((other) => overlap(other, label) > 0)) continue;
    placed.push(label);
    const atX = label.x + width / 2;
    context.beginPath();
    context.roundRect(atX - width / 2, top, width, height, LABEL_HEIGHT / 2);
    // News is printed in reverse.
    const colour = palette.direction[leg.direction];
    const isNews = worn !== null && worn.change !== null;
    context.fillStyle = isNews ? colour : palette.ring;
    context.fill();
    context.strokeStyle = colour;
    context.stroke();
    context.fillStyle = isNews ? palette.ring : colour;
    for (const [i, line] of lines.entries()) context.fillText(line, atX, top + LABEL_HEIGHT / 2 + i * LINE + 0.5);
  }
}

const wornBy = ({ flight, leg }: Pick<Dot, 'flight' | 'leg'>, stretch: number): Worn | null =>
  wornAt(flight.schedule, leg, drawnNsOf(flight), (NEWS_MS * 1e6) / stretch);

/** A bar's name runs along it: a label that would cover it stands beside it, on the side that the dot is on. */
function besideBars(label: Box, dotX: number, bars: readonly Box[]): number {
  const bar = bars.find((each) => overlap(each, label) > 0);
  if (bar === undefined) return label.x;
  return dotX < bar.x + bar.width / 2 ? bar.x - label.width - 4 : bar.x + bar.width + 4;
}
