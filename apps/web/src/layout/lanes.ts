// Lanes: the columns in which bridges stand as bars. A bridge keeps its lane until another bar grows into it.

export interface Range {
  readonly top: number;
  readonly bottom: number;
}

const CLEARANCE = 16;

const isApart = (a: Range, b: Range): boolean => a.bottom + CLEARANCE <= b.top || b.bottom + CLEARANCE <= a.top;

/** @param ranges in order of preference, by node id */
export function assignLanes(
  ranges: ReadonlyMap<string, Range>,
  previous: ReadonlyMap<string, number>,
): Map<string, number> {
  const lanes = new Map<string, number>();
  const isFree = (lane: number, range: Range): boolean =>
    [...lanes].every(([id, other]) => other !== lane || isApart(ranges.get(id) as Range, range));
  const remembered = [...ranges].filter(([id]) => previous.has(id));
  const fresh = [...ranges].filter(([id]) => !previous.has(id));
  for (const [id, range] of [...remembered, ...fresh]) {
    const kept = previous.get(id);
    let lane = kept ?? 0;
    if (!isFree(lane, range)) {
      lane = 0;
      while (!isFree(lane, range)) lane++;
    }
    lanes.set(id, lane);
  }
  return lanes;
}

/** x of a lane when `used` lanes share the width of `reserved` ones. */
export function laneX(lane: number, used: number, reserved: number, firstX: number, pitch: number): number {
  const step = used <= reserved ? pitch : (pitch * reserved) / used;
  return firstX + lane * step;
}
