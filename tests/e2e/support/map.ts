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
