import { useEffect, useSyncExternalStore } from 'react';

const SAID_MS = 3500;

let said = { text: '' };
const listeners = new Set<() => void>();

/** Tells what was just done, for a moment. */
export function say(text: string): void {
  said = { text };
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function Toast() {
  const shown = useSyncExternalStore(subscribe, () => said);
  useEffect(() => {
    if (shown.text === '') return;
    const timer = setTimeout(() => say(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <output className={`toast ${shown.text === '' ? '' : 'is-shown'}`} aria-live="polite">
      {shown.text}
    </output>
  );
}
