// Light, dark and high contrast: the system's choice until someone takes another.
import { useSyncExternalStore } from 'react';
import type { Theme } from '../store/store.ts';
import { usePageState } from './page.ts';

const darkQuery = matchMedia('(prefers-color-scheme: dark)');
const contrastQuery = matchMedia('(prefers-contrast: more)');

/** Puts the theme on the document. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function onSystemTheme(callback: () => void): () => void {
  const queries = [darkQuery, contrastQuery];
  for (const query of queries) query.addEventListener('change', callback);
  return () => {
    for (const query of queries) query.removeEventListener('change', callback);
  };
}

export function useIsDark(): boolean {
  const theme = usePageState((state) => state.theme);
  const isSystemDark = useSyncExternalStore(onSystemTheme, () => darkQuery.matches);
  return theme === 'system' || theme === 'contrast' ? isSystemDark : theme === 'dark';
}

/** Another value whenever colours are others: for what reads them from the style sheet. */
export function useColours(): string {
  const theme = usePageState((state) => state.theme);
  const system = useSyncExternalStore(onSystemTheme, () => `${darkQuery.matches} ${contrastQuery.matches}`);
  return `${theme} ${system}`;
}
