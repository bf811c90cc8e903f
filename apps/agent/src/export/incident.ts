// One page with the recording in it: opened by whoever has a browser, without Hopscope, server or network.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from '@hopscope/model';
import { type IncidentCover, incidentHtml } from '@hopscope/protocol';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { PAGE_FOLDER } from '../lib/page-folder.ts';
import type { ExportFormat, ExportOptions, ExportSource } from './format.ts';
import { playInto } from './play.ts';
import { recordingBytes } from './recording.ts';

/** A browser holds all of it several times over. */
const RECORDING_MAX_BYTES = 64 * 1024 * 1024;
const FAILED: ReadonlySet<Exchange['verdict']> = new Set(['dropped', 'error', 'lost-sight']);

let page: { readonly script: string; readonly styles: string } | null = null;

async function load(): Promise<NonNullable<typeof page>> {
  if (page !== null) return page;
  const read = (name: string): Promise<string> => readFile(join(PAGE_FOLDER, 'incident', name), 'utf8');
  try {
    page = { script: await read('incident.js'), styles: await read('incident.css') };
    return page;
  } catch (error) {
    throw new Failure(EXIT.failure, `the page is not built: ${messageOf(error)}: run npm run build`, { cause: error });
  }
}

/** The exchange that was asked for, or the first that failed; null where none did. */
async function startOf(source: ExportSource, options: ExportOptions): Promise<IncidentCover['exchange']> {
  let asked: Exchange | null = null;
  let failed: Exchange | null = null;
  const onExchange = (exchange: Exchange): void => {
    if (exchange.id === options.exchange) asked = exchange;
    if (FAILED.has(exchange.verdict) && (failed === null || exchange.startNs < failed.startNs)) failed = exchange;
  };
  await playInto(source, options, async () => {}, { printed: 'nothing', views: () => [{ onExchange }] });
  if (options.exchange !== null && asked === null) {
    throw new Failure(EXIT.failure, `no exchange ${options.exchange} in it: --format jsonl prints each with its id`);
  }
  const first = (asked ?? failed) as Exchange | null;
  const packet = first?.request?.packets[0] ?? first?.reply?.packets[0] ?? first?.drop?.hop.packet;
  if (first === null || packet === undefined) return null;
  const wallNs = Number(BigInt(source.header.hello.clock.wallNs) / 1000n) * 1000;
  return { packet, wallUs: Math.round((wallNs + first.startNs) / 1000) };
}

export const incident: ExportFormat = {
  ending: '.html',
  about: 'one page',
  prepare: async () => void (await load()),
  async write(source, options, output) {
    const exchange = await startOf(source, options);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of recordingBytes(source)) {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes > RECORDING_MAX_BYTES) {
        const most = RECORDING_MAX_BYTES / 1024 ** 2;
        throw new Failure(
          EXIT.failure,
          `the recording has more than ${most} MiB: a page holds no more; hopscope replay shows it`,
        );
      }
    }
    const { title, notes } = options;
    const cover = { title, notes, name: 'incident.hops', filter: options.displayFilter, exchange };
    await output(await incidentHtml({ ...(await load()), cover, recording: Buffer.concat(parts) }));
  },
};
