// A recording from the person's files: chosen, or dropped anywhere on the page.
import { useEffect, useState } from 'react';
import { type Page, usePage } from '../page.ts';

export function chooseRecording({ recordings }: Pick<Page, 'recordings'>): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.hops,.html';
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file !== undefined) void recordings.open(file, file.name);
  });
  input.click();
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** @returns whether a file is being dragged over the page */
export function useFileDrop(): boolean {
  const { recordings } = usePage();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const listeners = new AbortController();
    const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', run: (event: DragEvent) => void) =>
      addEventListener(type, (event) => hasFiles(event) && run(event), { signal: listeners.signal });
    const keep = (event: DragEvent): void => {
      event.preventDefault();
      setOver(true);
    };
    on('dragenter', keep);
    on('dragover', keep);
    on('dragleave', (event) => event.relatedTarget === null && setOver(false));
    on('drop', (event) => {
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) void recordings.open(file, file.name);
    });
    return () => listeners.abort();
  }, [recordings]);
  return isOver;
}
