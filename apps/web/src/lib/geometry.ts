// Points, boxes and lines. No space of its own: callers name theirs (render/spaces.ts).

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line with the length from its start to each of its points. */
export interface Track {
  readonly points: readonly Point[];
  readonly lengths: readonly number[];
  readonly length: number;
}

export const centre = (box: Box): Point => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

export function unite(a: Box, b: Box): Box {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** Area that two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

export function measureTrack(points: readonly Point[]): Track {
  const lengths: number[] = [];
  let length = 0;
  let last: Point | undefined;
  for (const point of points) {
    if (last !== undefined) length += Math.hypot(point.x - last.x, point.y - last.y);
    lengths.push(length);
    last = point;
  }
  return { points, lengths, length };
}

/** The point `distance` along the track; its ends for anything before or beyond. */
export function pointAt(track: Track, distance: number): Point {
  const { points, lengths } = track;
  const first = points[0];
  const last = points[points.length - 1];
  if (first === undefined || last === undefined) return { x: 0, y: 0 };
  if (distance <= 0) return first;
  if (distance >= track.length) return last;
  const i = segmentAt(lengths, distance);
  const a = points[i - 1] ?? first;
  const b = points[i] ?? last;
  const before = lengths[i - 1] ?? 0;
  const part = (distance - before) / ((lengths[i] ?? track.length) - before);
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}

/** Index of the first point at or beyond `distance`; at least 1. */
function segmentAt(lengths: readonly number[], distance: number): number {
  let i = 1;
  while (i < lengths.length - 1 && (lengths[i] ?? 0) < distance) i++;
  return i;
}

/** Where on the track a point is nearest to it, and how far away that is. */
export function nearestOnTrack({ points, lengths }: Track, point: Point): { distance: number; apart: number } {
  let best = { distance: 0, apart: Number.POSITIVE_INFINITY };
  for (const [i, b] of points.entries()) {
    const a = points[i - 1] ?? b;
    const squared = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
    const along = squared === 0 ? 0 : ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / squared;
    const part = Math.max(0, Math.min(1, along));
    const apart = Math.hypot(a.x + (b.x - a.x) * part - point.x, a.y + (b.y - a.y) * part - point.y);
    if (apart < best.apart) best = { distance: (lengths[i - 1] ?? 0) + part * Math.sqrt(squared), apart };
  }
  return best;
}

export const distanceToLine = (points: readonly Point[], point: Point): number =>
  nearestOnTrack(measureTrack(points), point).apart;

/** The points between two distances, both ends included. */
export function cutTrack(track: Track, from: number, to: number): Point[] {
  const start = Math.max(0, from);
  const end = Math.min(track.length, to);
  if (end <= start) return [];
  const inside = track.points.filter((_, i) => {
    const at = track.lengths[i] ?? 0;
    return at > start && at < end;
  });
  return [pointAt(track, start), ...inside, pointAt(track, end)];
}

/** Drops points that repeat the one before, and those in the middle of a straight line. */
export function simplify(points: readonly Point[]): Point[] {
  const out: Point[] = [];
  for (const point of points) {
    const b = out[out.length - 1];
    if (b !== undefined && Math.abs(b.x - point.x) < 0.01 && Math.abs(b.y - point.y) < 0.01) continue;
    const a = out[out.length - 2];
    if (a !== undefined && b !== undefined) {
      const cross = (b.x - a.x) * (point.y - b.y) - (b.y - a.y) * (point.x - b.x);
      const along = (b.x - a.x) * (point.x - b.x) + (b.y - a.y) * (point.y - b.y);
      if (Math.abs(cross) < 0.01 && along > 0) out.pop();
    }
    out.push(point);
  }
  return out;
}

const CORNER_STEPS = 4;

/** Each corner becomes a short arc, so that the drawn wire and the way of a dot are the same line. */
export function roundCorners(points: readonly Point[], radius: number): Point[] {
  const line = simplify(points);
  const out: Point[] = [];
  for (const [i, corner] of line.entries()) {
    const before = line[i - 1];
    const after = line[i + 1];
    if (before === undefined || after === undefined) {
      out.push(corner);
      continue;
    }
    const lengthIn = Math.hypot(corner.x - before.x, corner.y - before.y);
    const lengthOut = Math.hypot(after.x - corner.x, after.y - corner.y);
    const r = Math.min(radius, lengthIn / 2, lengthOut / 2);
    const start = toward(corner, before, r / lengthIn);
    const end = toward(corner, after, r / lengthOut);
    for (let step = 0; step <= CORNER_STEPS; step++) {
      const t = step / CORNER_STEPS;
      const a = toward(start, corner, t);
      const b = toward(corner, end, t);
      out.push(toward(a, b, t));
    }
  }
  return out;
}

function toward(a: Point, b: Point, part: number): Point {
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}

/** SVG path data. */
export function pathData(points: readonly Point[]): string {
  return points.map((p, i) => `${i === 0 ? 'M' : 'L'}${round(p.x)} ${round(p.y)}`).join('');
}

const round = (value: number): number => Math.round(value * 100) / 100;
