// A file let go over the page, as from a file manager.
import type { Page } from '@playwright/test';

/** @param claims its size, where it is not that of the bytes: of a file that nobody wants to make for a test */
export async function dropFile(page: Page, bytes: Buffer, name: string, claims?: number): Promise<void> {
  const data = await page.evaluateHandle(
    ({ base64, name: called, size }) => {
      const file = new File([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], called);
      if (size !== undefined) Object.defineProperty(file, 'size', { value: size });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      // The browser makes another File of it, which would have its own size again.
      if (size !== undefined) Object.defineProperty(transfer, 'files', { value: [file] });
      return transfer;
    },
    { base64: bytes.toString('base64'), name, size: claims },
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}
