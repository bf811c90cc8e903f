// The map, or the waterfall of an exchange, as a picture: drawn by the page's own code, without a browser (apps/web/src/headless).
import { spawn } from 'node:child_process';
import type { DrawPicture, Exchange, PictureRequest } from '@hopscope/model';
import type { Evidence, Ledger, Topology } from '@hopscope/protocol';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import type { View } from '../printer/view.ts';
import type { ExportFormat, ExportOptions, ExportOutput, ExportSource } from './format.ts';
import { type ExportContext, playInto } from './play.ts';

/** Pixels for one of the page's: letters stay sharp where a report is read. */
const PNG_SCALE = 2;
/** As many as the page keeps. */
const KEEP = 10_000;
const RASTERISER = 'rsvg-convert';

let drawPicture: DrawPicture | null = null;

/** Beside the bundle that this is part of; where the tests run it from its source, in the bundles' folder. */
const PROGRAM = import.meta.url.endsWith('.ts') ? '../../dist/draw-picture.mjs' : './draw-picture.mjs';

async function load(): Promise<DrawPicture> {
  drawPicture ??= ((await import(new URL(PROGRAM, import.meta.url).href)) as { drawPicture: DrawPicture }).drawPicture;
  return drawPicture;
}

async function draw(source: ExportSource, options: ExportOptions): Promise<string> {
  const seen: Exchange[] = [];
  let chosen: { readonly exchange: Exchange; readonly topology: Topology } | null = null;
  let context: ExportContext | null = null;
  let ledger: Ledger | null = null;
  const view = (of: ExportContext): View => {
    context = of;
    return {
      onExchange(exchange) {
        seen.push(exchange);
        if (seen.length > KEEP) seen.shift();
        // The machine as it was when the packet passed.
        if (exchange.id === options.exchange) chosen = { exchange, topology: of.surroundings.topology };
      },
      onLedger: (last) => {
        ledger = last;
      },
    };
  };
  await playInto(source, options, async () => {}, { printed: 'nothing', views: (of) => [view(of)] });
  const picked = chosen as { readonly exchange: Exchange; readonly topology: Topology } | null;
  if (options.exchange !== null && picked === null) throw notFound(options, seen);
  if (context === null) throw new Failure(EXIT.failure, 'the recording could not be drawn');
  const { surroundings } = context as ExportContext;
  const { hello, filter, notes, created, redacted } = source.header;
  const request: PictureRequest = {
    of: options.isWaterfall ? 'waterfall' : 'map',
    theme: options.isDark ? 'dark' : 'light',
    hello: { ...hello, recording: { created, filter, notes, redacted, play: '' } },
    topology: picked?.topology ?? surroundings.topology,
    ledger,
    exchanges: seen.sort((a, b) => a.startNs - b.startNs),
    selected: picked?.exchange ?? null,
    factsAbout: (exchange): Evidence => surroundings.explain(exchange).evidence,
    displayFilter: options.displayFilter,
  };
  try {
    return (await load())(request).svg;
  } catch (error) {
    throw new Failure(EXIT.failure, `the recording cannot be drawn: ${printable(messageOf(error))}`, { cause: error });
  }
}

function notFound({ exchange, displayFilter }: ExportOptions, seen: readonly Exchange[]): Failure {
  const ids = seen.map(({ id }) => id);
  const which = displayFilter === '' ? 'the recording' : 'what the filter lets through';
  const range = ids.length === 0 ? 'none' : `${Math.min(...ids)} to ${Math.max(...ids)}`;
  return new Failure(
    EXIT.failure,
    `no exchange ${exchange} in ${which}, which has ${range}: --format jsonl prints each with its id`,
  );
}

/** @throws Failure when the options contradict each other */
function checkOptions({ exchange, isWaterfall }: ExportOptions): void {
  if (isWaterfall && exchange === null) {
    throw new Failure(EXIT.usage, '--waterfall is of one exchange: name it with --exchange');
  }
}

export const svg: ExportFormat = {
  ending: '.svg',
  about: 'a picture',
  async prepare(options) {
    checkOptions(options);
    await load();
  },
  async write(source, options, output) {
    await output(await draw(source, options));
  },
};

export const png: ExportFormat = {
  ending: '.png',
  about: 'in pixels',
  async prepare(options) {
    checkOptions(options);
    await load();
    await rasterise(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`, async () => {});
  },
  async write(source, options, output) {
    await rasterise(await draw(source, options), output);
  },
};

/** By librsvg's program. @throws Failure with the remedy when it is not there */
async function rasterise(picture: string, output: ExportOutput): Promise<void> {
  const program = spawn(RASTERISER, ['--format', 'png', '--zoom', String(PNG_SCALE)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const gone = new Promise<string>((resolve) => {
    let said = '';
    program.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    program.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'it is not installed' : error.message),
    );
    program.on('close', (code) => resolve(code === 0 ? '' : said || `exit code ${code}`));
  });
  // When it is not there or ends early, `gone` says why.
  program.stdin.on('error', () => undefined);
  program.stdin.end(picture);
  for await (const chunk of program.stdout) await output(chunk as Buffer);
  const problem = await gone;
  if (problem === '') return;
  const remedy = 'install librsvg (Debian: apt install librsvg2-bin; macOS: brew install librsvg), or export .svg';
  throw new Failure(EXIT.failure, `PNG is made by ${RASTERISER}: ${printable(problem.trim())}: ${remedy}`);
}
