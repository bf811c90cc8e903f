import { useLayoutEffect } from 'react';

let commits = 0;

/** How often React has put changes into the page, for `window.hopscopeStats`. */
export const readCommits = (): number => commits;

/** Counts every commit of the component that calls it. */
export function useCountCommits(): void {
  useLayoutEffect(() => {
    commits++;
  });
}
