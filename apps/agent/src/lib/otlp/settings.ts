// Where traces go, by the variables that every OpenTelemetry exporter reads:
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
import { EXIT, Failure } from '../failure.ts';

export interface OtlpSettings {
  readonly url: URL;
  /** They may hold a key: never to be shown. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of one request. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
  /** More attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** An exporter that passed over these would connect in another way than it was told. */
const NOT_SPOKEN = ['CERTIFICATE', 'CLIENT_KEY', 'CLIENT_CERTIFICATE'];

/** What a child that sends traces is told of our environment. */
export const isOtelVariable = (name: string): boolean =>
  name.startsWith('OTEL_EXPORTER_OTLP_') || name === 'OTEL_RESOURCE_ATTRIBUTES' || name === 'OTEL_SERVICE_NAME';

/** @throws Failure (usage) naming the variable that cannot be followed */
export function readOtlpSettings(env: NodeJS.ProcessEnv): OtlpSettings {
  /** A variable for traces goes before the one for every signal; an empty one counts as not set. */
  const read = (name: string): { readonly name: string; readonly text: string } | null => {
    for (const full of [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`]) {
      const text = env[full]?.trim() ?? '';
      if (text !== '') return { name: full, text };
    }
    return null;
  };
  for (const name of NOT_SPOKEN) {
    const given = read(name);
    if (given !== null) throw wrong(given.name, 'is not supported: only the certificates that Node knows are');
  }
  const protocol = read('PROTOCOL');
  if (protocol !== null && protocol.text !== 'http/json') {
    throw wrong(
      protocol.name,
      'asks for another protocol than http/json: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json',
    );
  }
  const compression = read('COMPRESSION');
  if (compression !== null && !['gzip', 'none'].includes(compression.text)) {
    throw wrong(compression.name, 'is neither gzip nor none');
  }
  const timeout = read('TIMEOUT');
  const timeoutMs = timeout === null ? DEFAULT_TIMEOUT_MS : Number(timeout.text);
  if (!(Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
    throw wrong(timeout?.name ?? '', 'is no number of milliseconds');
  }
  const headers = read('HEADERS');
  const resource = readPairs('OTEL_RESOURCE_ATTRIBUTES', env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const service = env.OTEL_SERVICE_NAME ?? '';
  return {
    url: readUrl(read('ENDPOINT')),
    headers: headers === null ? {} : readPairs(headers.name, headers.text),
    timeoutMs,
    gzip: compression?.text === 'gzip',
    resource: { ...resource, ...(service === '' ? {} : { 'service.name': service }) },
  };
}

/** That for traces is taken as it is; to that for all signals the path for traces is added. */
function readUrl(given: { readonly name: string; readonly text: string } | null): URL {
  const { name, text } = given ?? { name: '', text: 'http://localhost:4318' };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw wrong(name, 'is no http:// or https:// address');
  if (!name.includes('_TRACES_')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url;
}

/** `key=value,key=value`, as in the W3C Baggage header: values are percent-encoded. */
function readPairs(name: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (key === '') throw wrong(name, 'is not of the form key=value,key=value');
    try {
      pairs[key] = decodeURIComponent(value);
    } catch {
      throw wrong(name, `has a % in the value of ${key} that is no percent-encoding`);
    }
  }
  return pairs;
}

/** Without the value: it may hold a key. */
const wrong = (name: string, what: string) => new Failure(EXIT.usage, `${name} ${what}`);
