import { expect, test } from 'vitest';
import { createBoundedSeries } from './bounded-series.ts';
import { expositionText } from './exposition.ts';

test('names of interfaces and namespaces stay inside of their quotes', () => {
  const labels = { interface: 'a"b\\c', namespace: 'x\n# TYPE evil counter' };
  expect(
    expositionText([{ name: 'n_total', help: 'one\nline \\', type: 'counter', samples: [{ labels, value: 3 }] }]),
  ).toBe(
    '# HELP n_total one\\nline \\\\\n# TYPE n_total counter\nn_total{interface="a\\"b\\\\c",namespace="x\\n# TYPE evil counter"} 3\n',
  );
});

test('buckets are cumulative, and what is above the last bound is in +Inf', () => {
  const sample = { labels: { p: 'icmp' }, buckets: [1, 2], sum: 9.5, count: 4 };
  expect(
    expositionText([{ name: 't_seconds', help: 'h', type: 'histogram', bounds: [0.1, 1], samples: [sample] }]),
  ).toBe(
    [
      '# HELP t_seconds h',
      '# TYPE t_seconds histogram',
      't_seconds_bucket{p="icmp",le="0.1"} 1',
      't_seconds_bucket{p="icmp",le="1"} 3',
      't_seconds_bucket{p="icmp",le="+Inf"} 4',
      't_seconds_sum{p="icmp"} 9.5',
      't_seconds_count{p="icmp"} 4',
      '',
    ].join('\n'),
  );
});

test('the series used longest ago is given up, and counted', () => {
  const series = createBoundedSeries(2, () => ({ value: 0 }));
  for (const name of ['a', 'b', 'a', 'c']) series.of({ name }).value++;
  expect([...series.entries()].map(({ labels, value }) => [labels.name, value.value])).toEqual([
    ['a', 2],
    ['c', 1],
  ]);
  expect(series.forgotten).toBe(1);
});
