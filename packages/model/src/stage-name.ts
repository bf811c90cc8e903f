import { STAGE } from '@hopscope/protocol';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(STAGE).map(([name, value]) => [value, name]));

/** The tracepoint's name. */
export const stageName = (stage: number): string => NAMES.get(stage) ?? `stage ${stage}`;
