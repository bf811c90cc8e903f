// What the capture process tells the program it starts, as one JSON argument. Written and read here alone.
import * as v from 'valibot';
import { EXIT, Failure } from './failure.ts';

const uint = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Whom the child becomes before it touches anything from outside. */
const Identity = v.object({ uid: uint, gid: uint, name: v.string() });
export type Identity = v.InferOutput<typeof Identity>;

export const GatewayConfig = v.object({
  identity: Identity,
  /** 0 = any free one. */
  port: uint,
  /** Loopback addresses to listen on, the first must work. */
  addresses: v.pipe(v.array(v.string()), v.minLength(1)),
  /** How the address is written for a person. */
  displayHost: v.string(),
  /** The built page. */
  assets: v.string(),
  /** Whether `/metrics` is served. */
  metrics: v.boolean(),
  /** How much of the past is kept, to be saved; null = nothing. */
  history: v.nullable(
    v.object({
      maxBytes: uint,
      maxMs: uint,
      /** How the capture is filtered, as on the command line. */
      filter: v.string(),
    }),
  ),
});
export type GatewayConfig = v.InferOutput<typeof GatewayConfig>;

export const PrinterConfig = v.object({
  identity: Identity,
  /** Stop after this many lines; after this many exchanges where no lines are printed. */
  count: v.nullable(uint),
  /** What is let through, for the line that says that it begins: `ICMP echo`. */
  what: v.string(),
  /** What is printed as it comes; the JSON of `json-stages` has every stage. */
  output: v.picklist(['lines', 'stages', 'trees', 'json', 'json-stages', 'nothing']),
  /** The statistics of paths: at the end, or also all the time on a screen of their own. */
  table: v.picklist(['none', 'end', 'live']),
  /** Whether the terminal has box characters. */
  utf8: v.boolean(),
  /** No hop for this long: an exchange is over. Null = the assembler's default. */
  timeoutMs: v.nullable(v.number()),
  /** Only exchanges that pass are printed; empty = all. */
  displayFilter: v.string(),
  /** Whether they are sent as OpenTelemetry traces, by the variables of the environment. */
  otlp: v.boolean(),
});
export type PrinterConfig = v.InferOutput<typeof PrinterConfig>;

export const RecorderConfig = v.object({
  identity: Identity,
  /** How the capture is filtered, as on the command line. */
  filter: v.string(),
  /** What is being recorded, for the line that says that it begins. */
  what: v.string(),
  /** How the file is called for a person. */
  name: v.string(),
  /** A new file begins when one has come to this many bytes. */
  rotateBytes: v.nullable(uint),
  /** What the author wrote about it. */
  notes: v.string(),
});
export type RecorderConfig = v.InferOutput<typeof RecorderConfig>;

/** @throws Failure when the argument is missing or is not what the capture process writes */
export function readChildConfig<Schema extends v.GenericSchema>(schema: Schema): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(process.argv[2] ?? ''));
  } catch (error) {
    throw new Failure(EXIT.usage, 'this program is started by hopscope, not by hand', { cause: error });
  }
}
