// Light and dark: the system's choice until someone takes the other.
import { useSyncExternalStore } from 'react';
import type { Theme } from '../store/store.ts';
import { usePageState } from './page.ts';

const KEY = 'hopscope-theme';
const darkQuery = matchMedia('(prefers-color-scheme: dark)');

export function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
    return 'system';
  }
}

/** Puts the theme on the document and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
}

export function onSystemTheme(callback: () => void): () => void {
  darkQuery.addEventListener('change', callback);
  return () => darkQuery.removeEventListener('change', callback);
}

export function useIsDark(): boolean {
  const theme = usePageState((state) => state.theme);
  const isSystemDark = useSyncExternalStore(onSystemTheme, () => darkQuery.matches);
  return theme === 'system' ? isSystemDark : theme === 'dark';
}
