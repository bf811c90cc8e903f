// The only requestAnimationFrame. Everything that moves or is redrawn hangs on it: first `advance` (time goes on), then
// `draw` (pixels). It stops by itself when nobody wants another frame, so that an idle page costs nothing.

export interface Frame {
  /** Since the last frame; at most MAX_STEP_MS, so that a page that was hidden goes on where it was. */
  readonly stepMs: number;
  readonly nowMs: number;
}

/** Answers whether it wants another frame. */
export type FrameCallback = (frame: Frame) => boolean;

export interface FrameStats {
  /** Mean of the last second; 0 while nothing moves. */
  readonly fps: number;
  /** Script time of a frame, mean of the last second. */
  readonly frameMs: number;
}

export interface FrameLoop {
  onAdvance(callback: FrameCallback): () => void;
  onDraw(callback: FrameCallback): () => void;
  /** Something changed: there will be a frame. */
  request(): void;
  stats(): FrameStats;
}

const MAX_STEP_MS = 50;
const STATS_MS = 1000;

export function createFrameLoop(): FrameLoop {
  const advance = new Set<FrameCallback>();
  const draw = new Set<FrameCallback>();
  let scheduled = 0;
  let lastMs = 0;
  let frames: { atMs: number; tookMs: number }[] = [];

  function run(nowMs: number): void {
    scheduled = 0;
    const stepMs = lastMs === 0 ? 0 : Math.min(MAX_STEP_MS, nowMs - lastMs);
    lastMs = nowMs;
    const startMs = performance.now();
    const frame = { stepMs, nowMs };
    let again = false;
    for (const callback of advance) again = callback(frame) || again;
    for (const callback of draw) again = callback(frame) || again;
    frames.push({ atMs: nowMs, tookMs: performance.now() - startMs });
    if (frames.length > 240) frames = frames.slice(-120);
    if (again) request();
    else lastMs = 0;
  }

  function request(): void {
    if (scheduled === 0) scheduled = requestAnimationFrame(run);
  }

  const add = (set: Set<FrameCallback>, callback: FrameCallback): (() => void) => {
    set.add(callback);
    request();
    return () => set.delete(callback);
  };

  return {
    onAdvance: (callback) => add(advance, callback),
    onDraw: (callback) => add(draw, callback),
    request,
    stats() {
      const sinceMs = performance.now() - STATS_MS;
      const recent = frames.filter((frame) => frame.atMs >= sinceMs);
      const frameMs = recent.reduce((sum, frame) => sum + frame.tookMs, 0) / Math.max(1, recent.length);
      return { fps: recent.length, frameMs };
    },
  };
}
