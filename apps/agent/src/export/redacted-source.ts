// A recording with stand-ins for all that names the machine and its neighbours.
import { createRedactor } from '@hopscope/model';
import type { Hello, RecordingEntry } from '@hopscope/protocol';
import type { ExportSource } from './format.ts';

/**
 * Reads it once from end to end: a rule may name what the topology tells of later.
 * @param key secret; the same one gives the same stand-ins for every file
 */
export async function redactedSource(
  source: ExportSource,
  key: Uint8Array,
  names: 'numbered' | 'keyed',
): Promise<ExportSource> {
  const redactor = createRedactor(key, { names });
  const hello = redactor.control(source.header.hello) as Hello;
  for await (const entries of source.frames()) {
    for (const { frame } of entries) {
      if (frame instanceof Uint8Array) redactor.learn(frame);
      else if (frame.type === 'topology' || frame.type === 'topology-patch') redactor.control(frame);
    }
  }
  return {
    header: { ...source.header, hello, filter: '', notes: '', redacted: true },
    begin: source.begin,
    async *frames(): AsyncGenerator<readonly RecordingEntry[]> {
      for await (const entries of source.frames()) {
        yield entries.map(({ t, frame }) => ({
          t,
          frame: frame instanceof Uint8Array ? redactor.batch(frame) : redactor.control(frame),
        }));
      }
    },
    get damage() {
      return source.damage;
    },
  };
}
