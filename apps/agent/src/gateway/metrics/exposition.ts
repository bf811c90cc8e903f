// Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Counts of values up to each bound, bounds ascending; those above the last one are in `count` alone. */
export interface HistogramSample {
  readonly labels: Labels;
  /** One for each bound, not cumulative. */
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

interface Described {
  readonly name: string;
  readonly help: string;
}

export type Family = Described &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
    | { readonly type: 'histogram'; readonly bounds: readonly number[]; readonly samples: readonly HistogramSample[] }
  );

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A family without samples is left out. */
export function expositionText(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => {
      const { name, help, type } = family;
      const head = [`# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}`, `# TYPE ${name} ${type}`];
      const lines =
        family.type === 'histogram'
          ? family.samples.flatMap((sample) => histogramLines(name, family.bounds, sample))
          : family.samples.map(({ labels, value }) => line(name, labels, value));
      return [...head, ...lines, ''].join('\n');
    })
    .join('');
}

function histogramLines(name: string, bounds: readonly number[], { labels, buckets, sum, count }: HistogramSample) {
  let below = 0;
  const lines = bounds.map((bound, i) => {
    below += buckets[i] ?? 0;
    return line(`${name}_bucket`, { ...labels, le: String(bound) }, below);
  });
  return [
    ...lines,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text.replace(/["\\\n]/g, escaped)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const escaped = (character: string) => (character === '\n' ? '\\n' : `\\${character}`);
