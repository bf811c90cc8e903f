// Numbers and times as people read them.

const NBSP = '\u00a0';

/** `79 µs`, `1.24 ms`: three significant digits. */
export function formatDuration(ns: number): string {
  const [value, unit] = scaleDuration(ns);
  return `${significant(value)}${NBSP}${unit}`;
}

function scaleDuration(ns: number): [number, string] {
  // One step below each unit's thousand, so that 999.7 µs is not written as `1000 µs`.
  if (Math.abs(ns) < 999.5) return [ns, 'ns'];
  if (Math.abs(ns) < 999.5e3) return [ns / 1e3, 'µs'];
  if (Math.abs(ns) < 999.5e6) return [ns / 1e6, 'ms'];
  return [ns / 1e9, 's'];
}

function significant(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 || Number.isInteger(value) ? 0 : size >= 9.995 ? 1 : 2);
}

/** `+10.2`: µs with one decimal, for columns that share a unit. */
export function formatMicros(ns: number): string {
  const micros = ns / 1000;
  return micros >= 10_000 ? Math.round(micros).toLocaleString('en') : micros.toFixed(1);
}

/** toLocaleString finds its rules anew each time. */
const GROUPED = new Intl.NumberFormat('en');

/** `12,034` */
export const formatCount = (count: number): string => GROUPED.format(count);

const two = (value: number): string => String(value).padStart(2, '0');

/** `16:04:12.9`, local time. */
export function formatClock(wallMs: number, decimals: 0 | 1 | 3 = 1): string {
  const date = new Date(wallMs);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (decimals === 0) return clock;
  const fraction = String(date.getMilliseconds()).padStart(3, '0').slice(0, decimals);
  return `${clock}.${fraction}`;
}

/** `1 hop`, `6 hops` */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)}${NBSP}${count === 1 ? one : many}`;

/** `9.4 kbit/s` */
export function formatBits(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toPrecision(2)}${NBSP}${units[unit]}`;
}

/** Packets a second: `0.5`, `12`, `12,034`. */
export const formatRate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));

/** `8 s`, `2 min 14 s`, `1 h 3 min`: how long ago. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${seconds}${NBSP}s`;
  if (hours === 0) return `${minutes}${NBSP}min ${seconds % 60}${NBSP}s`;
  return `${hours}${NBSP}h ${minutes % 60}${NBSP}min`;
}
