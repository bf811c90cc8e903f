// A file for whoever uses the page.

export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** `hopscope-web-drop-20261122-235910Z.svg`: sorts by time, and safe on any file system. */
export function fileName(parts: readonly string[], atMs: number, ending: string): string {
  const time = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const words = parts
    .map((part) => part.replace(/[^\p{L}\p{N}._]+/gu, '-').replace(/^[-.]+|[-.]+$/g, ''))
    .filter(Boolean);
  return `${['hopscope', ...words].join('-').slice(0, 100)}-${time}Z${ending}`;
}
