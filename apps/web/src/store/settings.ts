// What somebody chose on this machine, remembered by the browser. Storage may be forbidden: then the choice lasts as long as the page.
import type { Settings, Theme } from './store.ts';

const THEMES: readonly Theme[] = ['light', 'dark', 'contrast'];
const THEME_KEY = 'hopscope-theme';
const REDACT_KEY = 'hopscope-redact';
const TEACHING_KEY = 'hopscope-teaching';

export function readSettings(): Settings {
  const theme = THEMES.find((each) => each === read(THEME_KEY)) ?? 'system';
  return { theme, isRedacted: read(REDACT_KEY) === 'on', isTeaching: read(TEACHING_KEY) === 'on' };
}

export function rememberSettings({ theme, isRedacted, isTeaching }: Settings): void {
  write(THEME_KEY, theme === 'system' ? null : theme);
  write(REDACT_KEY, isRedacted ? 'on' : null);
  write(TEACHING_KEY, isTeaching ? 'on' : null);
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
