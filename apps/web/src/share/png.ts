// SVG → PNG, by the browser that drew the page: the same fonts, measured alike.
import type { Sheet } from './sheet.ts';

/** What every browser can draw. */
const MOST_SIDE = 16_384;
const MOST_PIXELS = 120e6;

/** @throws Error in words for who asked */
export async function pngOf({ svg, width, height }: Sheet, scale: number): Promise<Blob> {
  if (Math.max(width, height) * scale > MOST_SIDE || width * height * scale * scale > MOST_PIXELS) {
    const size = `${width * scale} × ${height * scale}`;
    throw new Error(`${size} pixels are more than a browser draws: take a smaller one, or SVG`);
  }
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('the browser gives no canvas');
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (blob === null) throw new Error('the browser made no PNG of it');
    return blob;
  } finally {
    URL.revokeObjectURL(url);
  }
}
