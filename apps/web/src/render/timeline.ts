// Exchanges per second along the bottom, drops on top in red. Drawn when there is news, not per frame.
import type { Palette } from './palette.ts';

export interface TimelineRate {
  /** Wall-clock second. */
  readonly second: number;
  readonly exchanges: number;
  readonly dropped: number;
}

export interface TimelineGap {
  readonly fromSecond: number;
  readonly toSecond: number | null;
}

export interface TimelineColours extends Pick<Palette, 'drop'> {
  readonly bar: string;
  readonly text: string;
  readonly line: string;
  readonly now: string;
  readonly gap: string;
}

const PITCH = 8;
const BAR = 6;
const LABEL_ROOM = 18;
const LABEL_EVERY_SECONDS = 30;

/** Smallest of 1, 2, 5, 10, … that is not below the value. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

/** @param nowSecond right edge */
export function paintTimeline(
  canvas: HTMLCanvasElement,
  rates: readonly TimelineRate[],
  gaps: readonly TimelineGap[],
  nowSecond: number,
  colours: TimelineColours,
  formatSecond: (second: number) => string,
  font: string,
): void {
  const context = canvas.getContext('2d');
  const { clientWidth: width, clientHeight: height } = canvas;
  if (context === null || width === 0) return;
  if (
    canvas.width !== Math.round(width * devicePixelRatio) ||
    canvas.height !== Math.round(height * devicePixelRatio)
  ) {
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
  }
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  const base = height - LABEL_ROOM;
  const top = 4;
  const right = width - 10;
  const shown = rates.filter((rate) => rate.second > nowSecond - right / PITCH && rate.second <= nowSecond);
  const most = niceCeiling(Math.max(1, ...shown.map((rate) => rate.exchanges)));
  const x = (second: number): number => right - (nowSecond - second + 1) * PITCH;

  // Nothing is known of the time without a connection: not the same as no traffic.
  context.fillStyle = colours.gap;
  for (const { fromSecond, toSecond } of gaps) {
    const from = Math.max(0, x(fromSecond));
    const to = x((toSecond ?? nowSecond) + 1);
    if (to > from) context.fillRect(from, top, to - from, base - top);
  }
  context.fillStyle = colours.line;
  context.fillRect(0, base, right, 1);
  context.font = font;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'center';
  const firstLabel = Math.ceil((nowSecond - right / PITCH) / LABEL_EVERY_SECONDS) * LABEL_EVERY_SECONDS;
  for (let second = firstLabel; second <= nowSecond; second += LABEL_EVERY_SECONDS) {
    if (x(second) < 40 || x(second) > right - 70) continue;
    context.fillStyle = colours.line;
    context.fillRect(x(second) + BAR / 2, base, 1, 4);
    context.fillStyle = colours.text;
    context.fillText(formatSecond(second), x(second) + BAR / 2, height - 3);
  }
  context.fillStyle = colours.text;
  context.textAlign = 'left';
  context.fillText(`up to ${most}`, 0, top + 22);
  const scale = (base - top) / most;
  for (const { second, exchanges, dropped } of shown) {
    // One exchange in a second of thousands is still to be seen.
    const all = Math.max(2, exchanges * scale);
    const bad = dropped === 0 ? 0 : Math.max(3, dropped * scale);
    context.fillStyle = colours.bar;
    context.fillRect(x(second), base - all, BAR, all);
    context.fillStyle = colours.drop;
    context.fillRect(x(second), base - Math.max(all, bad), BAR, bad);
  }
  context.fillStyle = colours.now;
  context.fillRect(right, top, 2, base - top);
  context.textAlign = 'right';
  context.fillText('now', right + 2, height - 3);
}
