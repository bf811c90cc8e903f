// Exchanges over time along the bottom, drops in red under a ✕, errors under a ▲; what is held, what is selected and which moment is shown.
import type { Palette } from './palette.ts';

export interface TimelineBin {
  /** Wall-clock time. */
  readonly fromMs: number;
  readonly exchanges: number;
  readonly dropped: number;
  readonly errors: number;
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All times are wall-clock times. */
export interface TimelinePicture {
  readonly span: Stretch;
  readonly nowMs: number;
  readonly bins: readonly TimelineBin[];
  readonly binMs: number;
  /** The page was not connected. */
  readonly gaps: readonly Stretch[];
  /** What can be shown again; null: nothing. */
  readonly heldFromMs: number | null;
  /** The moment that is shown; null = now. */
  readonly atMs: number | null;
  readonly range: Stretch | null;
  /** Under the pointer. */
  readonly hoverMs: number | null;
  readonly tickMs: number;
  /** At the end of all there is. */
  readonly endWord: string;
  formatTick(ms: number): string;
}

export interface TimelineColours extends Pick<Palette, 'drop'> {
  readonly bar: string;
  readonly error: string;
  readonly text: string;
  readonly line: string;
  readonly now: string;
  readonly past: string;
  readonly gap: string;
  readonly selected: string;
  readonly edge: string;
  readonly card: string;
}

/** Where times stand: pulling there moves the moment. */
export const RULER_HEIGHT = 20;
/** Room for the word at the right edge. */
const RIGHT = 14;
const MARK = 3;
/** Above the bars. */
const MARK_ROOM = 11;

export const timelineWidth = (clientWidth: number): number => clientWidth - RIGHT;

/** Smallest of 1, 2, 5, 10, … that is not below the value. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

export function paintTimeline(
  canvas: HTMLCanvasElement,
  picture: TimelinePicture,
  colours: TimelineColours,
  font: string,
): void {
  const context = canvas.getContext('2d');
  const { clientWidth, clientHeight: height } = canvas;
  if (context === null || clientWidth === 0) return;
  const [wide, high] = [Math.round(clientWidth * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, clientWidth, height);
  context.font = font;
  context.textBaseline = 'alphabetic';
  const width = timelineWidth(clientWidth);
  const base = height - RULER_HEIGHT;
  const { span } = picture;
  const x = (ms: number): number => (width * (ms - span.fromMs)) / (span.toMs - span.fromMs);
  const fill = (from: number, to: number, colour: string): void => {
    const left = Math.max(0, x(from));
    const right = Math.min(width, x(to));
    context.fillStyle = colour;
    if (right > left) context.fillRect(left, 0, right - left, base);
  };

  if (picture.range !== null) fill(picture.range.fromMs, picture.range.toMs, colours.selected);
  // Nothing is known of the time without a connection: not the same as no traffic.
  for (const gap of picture.gaps) fill(gap.fromMs, gap.toMs, colours.gap);
  if (picture.heldFromMs !== null && x(picture.heldFromMs) > 0) {
    hatch(context, x(picture.heldFromMs), base, colours.line);
    label(context, 'not held', x(picture.heldFromMs) / 2, base / 2 + 4, colours, 70, x(picture.heldFromMs));
  }
  paintRuler(context, picture, x, width, height, colours);
  paintBins(context, picture, x, width, base, colours);
  if (picture.range !== null) paintEdges(context, picture.range, x, base, colours);
  if (picture.hoverMs !== null) {
    context.fillStyle = colours.text;
    context.globalAlpha = 0.5;
    context.fillRect(x(picture.hoverMs), 0, 1, base);
    context.globalAlpha = 1;
  }
  paintNow(context, picture, x, width, height, colours);
}

type Scale = (ms: number) => number;

function label(
  context: CanvasRenderingContext2D,
  text: string,
  atX: number,
  y: number,
  colours: TimelineColours,
  need: number,
  room: number,
): void {
  if (room < need) return;
  context.textAlign = 'center';
  context.fillStyle = colours.text;
  context.fillText(text, atX, y);
}

/** Diagonals over what is not held any more. */
function hatch(context: CanvasRenderingContext2D, width: number, height: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  context.beginPath();
  for (let at = -height; at < width; at += 9) {
    context.moveTo(at, height);
    context.lineTo(at + height, 0);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
}

function paintRuler(
  context: CanvasRenderingContext2D,
  { span, tickMs, formatTick, nowMs, atMs }: TimelinePicture,
  x: Scale,
  width: number,
  height: number,
  colours: TimelineColours,
): void {
  const base = height - RULER_HEIGHT;
  context.fillStyle = colours.line;
  context.fillRect(0, base, width, 1);
  context.textAlign = 'center';
  const taken = [x(nowMs), ...(atMs === null ? [] : [x(atMs)])];
  for (let ms = Math.ceil(span.fromMs / tickMs) * tickMs; ms <= span.toMs; ms += tickMs) {
    context.fillStyle = colours.line;
    context.fillRect(x(ms), base, 1, 4);
    if (x(ms) < 30 || x(ms) > width - 20 || taken.some((each) => Math.abs(each - x(ms)) < 60)) continue;
    context.fillStyle = colours.text;
    context.fillText(formatTick(ms), x(ms), height - 5);
  }
}

function paintBins(
  context: CanvasRenderingContext2D,
  { bins, binMs }: TimelinePicture,
  x: Scale,
  width: number,
  base: number,
  colours: TimelineColours,
): void {
  const perSecond = 1000 / binMs;
  const most = niceCeiling(Math.max(1, ...bins.map((bin) => bin.exchanges * perSecond)));
  const scale = ((base - MARK_ROOM) * perSecond) / most;
  for (const { fromMs, exchanges, dropped, errors } of bins) {
    const left = Math.max(0, x(fromMs));
    const wide = Math.min(width, x(fromMs + binMs)) - left - 1;
    if (wide <= 0) continue;
    // One exchange in a second of thousands is still to be seen.
    const bad = dropped === 0 ? 0 : Math.max(3, dropped * scale);
    const wrong = errors === 0 ? 0 : Math.max(3, errors * scale);
    const all = Math.max(2, exchanges * scale, bad + wrong);
    context.fillStyle = colours.bar;
    context.fillRect(left, base - all, wide, all);
    context.fillStyle = colours.drop;
    context.fillRect(left, base - all, wide, bad);
    context.fillStyle = colours.error;
    context.fillRect(left, base - all + bad, wide, wrong);
    const middle = left + wide / 2;
    if (bad > 0) cross(context, middle, base - all - 6, colours.drop);
    else if (wrong > 0) triangle(context, middle, base - all - 6, colours.error);
  }
  context.textAlign = 'left';
  context.lineWidth = 3;
  context.strokeStyle = colours.card;
  context.fillStyle = colours.text;
  const text = `up to ${most.toLocaleString('en')}/s`;
  context.strokeText(text, 2, 12);
  context.fillText(text, 2, 12);
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.beginPath();
  context.moveTo(x - MARK, y - MARK);
  context.lineTo(x + MARK, y + MARK);
  context.moveTo(x + MARK, y - MARK);
  context.lineTo(x - MARK, y + MARK);
  context.strokeStyle = colour;
  context.lineWidth = 1.8;
  context.stroke();
}

function triangle(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.beginPath();
  context.moveTo(x, y - MARK - 1);
  context.lineTo(x + MARK + 1, y + MARK);
  context.lineTo(x - MARK - 1, y + MARK);
  context.fillStyle = colour;
  context.fill();
}

function paintEdges(
  context: CanvasRenderingContext2D,
  range: Stretch,
  x: Scale,
  base: number,
  colours: TimelineColours,
): void {
  context.fillStyle = colours.edge;
  context.fillRect(x(range.fromMs), 0, 1.5, base);
  context.fillRect(x(range.toMs) - 1.5, 0, 1.5, base);
}

/** Now; and when the past is looked at the moment, with a handle, and all after it pale. */
function paintNow(
  context: CanvasRenderingContext2D,
  { atMs, nowMs, endWord, formatTick }: TimelinePicture,
  x: Scale,
  width: number,
  height: number,
  colours: TimelineColours,
): void {
  const base = height - RULER_HEIGHT;
  if (x(nowMs) <= width + 1) {
    context.fillStyle = atMs === null ? colours.now : colours.line;
    context.fillRect(Math.min(width, x(nowMs)), 0, 2, base);
    context.textAlign = 'right';
    context.fillStyle = atMs === null ? colours.now : colours.text;
    context.fillText(endWord, Math.min(width, x(nowMs)) + 10, height - 5);
  }
  if (atMs === null) return;
  const at = x(atMs);
  context.globalAlpha = 0.55;
  context.fillStyle = colours.card;
  if (at < width) context.fillRect(Math.max(0, at), 0, width - Math.max(0, at), base);
  context.globalAlpha = 1;
  if (at < 0 || at > width) return;
  context.fillStyle = colours.past;
  context.fillRect(at - 1, 0, 2, base);
  context.beginPath();
  context.moveTo(at, base - 2);
  context.lineTo(at + 6, base + 5);
  context.lineTo(at - 6, base + 5);
  context.fill();
  context.textAlign = at < 40 ? 'left' : at > width - 40 ? 'right' : 'center';
  context.fillText(formatTick(atMs), at, height - 3);
}
