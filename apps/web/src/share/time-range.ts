// A range of time as a report needs it: in UTC, and in the reader's own time where that is another one.

interface Parts {
  readonly date: string;
  readonly clock: string;
}

/** To the ms; a range within one as its beginning alone. */
export function timeRangeText(fromMs: number, toMs: number): string {
  const minutes = -new Date(fromMs).getTimezoneOffset();
  const utc = `${rangeText(partsOf(fromMs, 0), partsOf(toMs, 0))} UTC`;
  if (minutes === 0) return `${utc} (local time is UTC)`;
  const local = rangeText(partsOf(fromMs, minutes), partsOf(toMs, minutes));
  return `${utc} · ${local} local time (UTC${offsetText(minutes)})`;
}

function partsOf(ms: number, minutes: number): Parts {
  const text = new Date(Math.round(ms) + minutes * 60_000).toISOString();
  return { date: text.slice(0, 10), clock: text.slice(11, 23) };
}

function rangeText(from: Parts, to: Parts): string {
  const start = `${from.date} ${from.clock}`;
  if (from.date !== to.date) return `${start} – ${to.date} ${to.clock}`;
  return from.clock === to.clock ? start : `${start} – ${to.clock}`;
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
