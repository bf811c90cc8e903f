// What a person sees on the map, by what it is called.
import type { Locator, Page } from '@playwright/test';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A namespace's box: by its title. */
export function namespaceBox(page: Page, title: string): Locator {
  return page.getByRole('group', { name: new RegExp(`^namespace ${title}(?:,|$)`) });
}

/** The box of the machine itself, or of the namespace that plays it. */
export function hostBox(page: Page): Locator {
  return page.locator('g.ns[data-role="host"]');
}

/** An interface of a namespace that is shown, by its name. */
export async function deviceBox(namespace: Locator, name: string): Promise<Locator> {
  const netns = await namespace.getAttribute('data-netns');
  return namespace
    .page()
    .locator(`g.device[data-device^="${netns}/"]`)
    .and(namespace.page().getByRole('group', { name: new RegExp(`^${name},`) }));
}

/** The row of one exchange in the list: by the ICMP id and sequence number, `#4711.1`. */
export function exchangeRow(page: Page, sequence: string): Locator {
  return page
    .getByRole('list', { name: /^Recent exchanges/ })
    .getByRole('button', { name: new RegExp(`${sequence}\\b`) });
}

/** Where everything that has a place on the map is drawn: id → rectangle in page coordinates. */
export function readPlaces(page: Page): Promise<Record<string, Rect>> {
  return page.evaluate(() => {
    const drawn = document.querySelectorAll<SVGGElement>('g.ns[data-netns] > rect, g.device[data-device] > rect');
    return Object.fromEntries(
      [...drawn].map((rect) => {
        const { netns, device } = (rect.parentElement as unknown as SVGGElement).dataset;
        const { x, y, width, height } = rect.getBoundingClientRect();
        return [netns ?? device ?? '', { x, y, width, height }];
      }),
    );
  });
}

/** The numbered steps of the path that is lit up: number → centre in page coordinates. */
export function readSteps(page: Page): Promise<Map<number, { x: number; y: number }>> {
  return page
    .evaluate(() =>
      [...document.querySelectorAll<SVGGElement>('g.badge')].map((badge): [number, { x: number; y: number }] => {
        const { x, y, width, height } = badge.getBoundingClientRect();
        return [Number(badge.textContent), { x: x + width / 2, y: y + height / 2 }];
      }),
    )
    .then((steps) => new Map(steps));
}

/** Whether a point is on a rectangle, or so close to its edge that it is seen to belong to it. */
export function isAt(point: { x: number; y: number }, { x, y, width, height }: Rect, margin = 12): boolean {
  return (
    point.x >= x - margin && point.x <= x + width + margin && point.y >= y - margin && point.y <= y + height + margin
  );
}

export interface DotSight {
  readonly direction: 'request' | 'reply';
  /** In page coordinates. */
  readonly x: number;
  readonly y: number;
}

/**
 * Watches the packets' canvas while one exchange is selected and answers where its dot was, frame by frame: from its
 * first sight until the reply's has been gone for half a second. Empty when none shows up within four seconds. Pale dots (of
 * other exchanges), trails and labels do not count.
 */
export function watchDot(page: Page): Promise<DotSight[]> {
  return page.evaluate(
    () =>
      new Promise<DotSight[]>((resolve, reject) => {
        const canvas = document.querySelector<HTMLCanvasElement>('canvas.map-canvas');
        const context = canvas?.getContext('2d', { willReadFrequently: true });
        if (!canvas || !context) return reject(new Error('there is no canvas for packets'));
        const { left, top } = canvas.getBoundingClientRect();

        /** Requests are blue and replies orange, fully opaque; the label stands below the dot in the same colour. */
        function findDot(): DotSight | null {
          const { data, width } = (context as CanvasRenderingContext2D).getImageData(
            0,
            0,
            canvas?.width ?? 0,
            canvas?.height ?? 0,
          );
          for (let i = 0; i < data.length; i += 4) {
            const red = data[i] ?? 0;
            const blue = data[i + 2] ?? 0;
            if (data[i + 3] !== 255 || Math.abs(blue - red) < 80) continue;
            const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
            const radius = 6;
            return {
              direction: blue > red ? 'request' : 'reply',
              x: left + x / devicePixelRatio,
              y: top + y / devicePixelRatio + radius,
            };
          }
          return null;
        }

        const sights: DotSight[] = [];
        const startMs = performance.now();
        let lastMs = startMs;
        const look = (nowMs: number): void => {
          const dot = findDot();
          if (dot !== null) {
            sights.push(dot);
            lastMs = nowMs;
          }
          // Nothing flies while the other end makes its answer: that takes as long as it took, stretched.
          const patience = sights.some(({ direction }) => direction === 'reply') ? 500 : 4000;
          if (nowMs - startMs > 20_000 || nowMs - lastMs > patience) resolve(sights);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
  );
}
