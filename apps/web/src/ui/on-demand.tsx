// What the live map does not need comes in files of its own, so that the map is there sooner. They are fetched right after
// the page has begun: nobody waits for them, and they are there when the agent has ended.
import { type ComponentType, useEffect, useReducer } from 'react';

/** A component in a file of its own. */
export interface Part<Props> {
  readonly component: ComponentType<Props> | null;
  /** Resolves when `component` is there, or could not be fetched: the next call tries again. */
  fetch(): Promise<void>;
}

const parts: Pick<Part<unknown>, 'fetch'>[] = [];

export function onDemand<Props>(load: () => Promise<ComponentType<Props>>): Part<Props> {
  let component: ComponentType<Props> | null = null;
  let fetching: Promise<void> | null = null;
  const part: Part<Props> = {
    get component() {
      return component;
    },
    fetch() {
      fetching ??= load().then(
        (loaded) => {
          component = loaded;
        },
        () => {
          fetching = null;
        },
      );
      return fetching;
    },
  };
  parts.push(part);
  return part;
}

export async function fetchParts(): Promise<void> {
  await Promise.all(parts.map((part) => part.fetch()));
}

/** Drawn at once when its file is there, else as soon as it is; nothing in between. */
export function OnDemand<Props extends object>({ part, with: props }: { part: Part<Props>; with: Props }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (part.component === null) void part.fetch().then(redraw);
  }, [part]);
  return part.component === null ? null : <part.component {...props} />;
}
