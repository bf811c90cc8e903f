// The addon, for those few parts that need it. It is native and stays outside the bundle.
import { createRequire } from 'node:module';
import type * as Native from '@hopscope/native';
import { EXIT, Failure, messageOf } from './failure.ts';

export type NativeAddon = typeof Native;

/** @throws Failure when it is not built or does not load */
export function loadNative(): NativeAddon {
  try {
    return createRequire(import.meta.url)('@hopscope/native') as NativeAddon;
  } catch (error) {
    const [first] = messageOf(error).split('\n');
    throw new Failure(EXIT.failure, `the native addon does not load: ${first}: run npm run build`, { cause: error });
  }
}
