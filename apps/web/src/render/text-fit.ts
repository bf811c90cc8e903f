// How wide text is, without asking the layout engine.

const ELLIPSIS = '…';

export interface TextFitter {
  width(text: string, font: string): number;
  /** The text, or as much of it as fits with an ellipsis at its end. */
  fit(text: string, font: string, maxWidth: number): string;
  /** The first that fits whole, else as much of the last as fits. */
  fitOne(texts: readonly string[], font: string, maxWidth: number): string;
  /** Lines broken at spaces; what does not fit into the last of them ends in an ellipsis. */
  wrap(text: string, font: string, maxWidth: number, maxLines: number): string[];
}

export function createTextFitter(): TextFitter {
  const context = document.createElement('canvas').getContext('2d');
  const widths = new Map<string, number>();

  function width(text: string, font: string): number {
    const key = `${font}|${text}`;
    let found = widths.get(key);
    if (found === undefined && context !== null) {
      // Names come and go for days; the cache must not keep them all.
      if (widths.size > 5000) widths.clear();
      context.font = font;
      found = context.measureText(text).width;
      widths.set(key, found);
    }
    return found ?? 0;
  }

  function fit(text: string, font: string, maxWidth: number): string {
    if (width(text, font) <= maxWidth) return text;
    let low = 0;
    let high = text.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (width(text.slice(0, middle) + ELLIPSIS, font) <= maxWidth) low = middle;
      else high = middle - 1;
    }
    return low === 0 ? '' : text.slice(0, low).trimEnd() + ELLIPSIS;
  }

  function fitOne(texts: readonly string[], font: string, maxWidth: number): string {
    const whole = texts.find((text) => width(text, font) <= maxWidth);
    return whole ?? fit(texts[texts.length - 1] ?? '', font, maxWidth);
  }

  function wrap(text: string, font: string, maxWidth: number, maxLines: number): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line === '' || lines.length === maxLines - 1 || width(longer, font) <= maxWidth) line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    return [...lines, line].map((each) => fit(each, font, maxWidth));
  }

  return { width, fit, fitOne, wrap };
}

/** The same for type that is `factor` times as large. */
export function enlarge(fitter: TextFitter, factor: number): TextFitter {
  if (factor === 1) return fitter;
  return {
    width: (text, font) => fitter.width(text, font) * factor,
    fit: (text, font, maxWidth) => fitter.fit(text, font, maxWidth / factor),
    fitOne: (texts, font, maxWidth) => fitter.fitOne(texts, font, maxWidth / factor),
    wrap: (text, font, maxWidth, maxLines) => fitter.wrap(text, font, maxWidth / factor, maxLines),
  };
}
