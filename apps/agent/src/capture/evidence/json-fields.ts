// Fields of what a tool printed as JSON, none of them taken on trust.

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; none when it is no list. */
export const objectsOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const objectOf = (value: unknown): Json => (isObject(value) ? value : {});

/** Undefined when it is no text, or longer than any name or address. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 256 ? value : undefined;

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
