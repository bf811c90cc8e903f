// The page from files instead of from the kernel: needs no privilege, no addon and no Linux.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { SOCKET_PATH } from '@hopscope/protocol';
import type { Identity } from '../lib/child-config.ts';
import { giveUpRoot } from '../lib/give-up-root.ts';
import type { RecordingFile } from '../recording/open-file.ts';
import { createGuard, type Guard } from './guard.ts';
import { createPageServer } from './http.ts';
import { listen } from './listen.ts';
import { MENU_STYLE, MENU_STYLE_PATH, menuPage } from './menu.ts';
import { enterPageFolder, requireReadablePage } from './page-files.ts';
import { type PlaybackOptions, playTo } from './playback.ts';
import { answerRecording } from './recording-answer.ts';
import { RECORDING_PATH } from './saved-history.ts';
import { createSocketServer } from './socket.ts';

export interface ServeRecordingsOptions extends Pick<PlaybackOptions, 'speed' | 'loop'> {
  /** One is served at `/`; several each at `/NAME/`, and a menu of them at `/`. */
  readonly files: ReadonlyMap<string, RecordingFile> | RecordingFile;
  readonly port: number;
  readonly addresses: readonly string[];
  /** The built page. */
  readonly assets: string;
  /** Whom root becomes. */
  readonly identity: Identity;
}

/** Serves until the process ends. @returns the port @throws Failure */
export async function serveRecordings(options: ServeRecordingsOptions): Promise<number> {
  const { files, addresses, assets, identity } = options;
  const playback = { ...options, now: () => performance.now() };
  enterPageFolder(assets);
  giveUpRoot(identity);
  requireReadablePage(assets, identity.name);

  /** Cuts the recording's folder off a path; null when there is no such recording. */
  function find(url: string): { readonly file: RecordingFile; readonly rest: string } | null {
    if (!('get' in files)) return { file: files, rest: url };
    const [, name = '', rest = ''] = /^\/([\w-]+)(\/.*)$/.exec(url) ?? [];
    const file = files.get(name);
    return file === undefined ? null : { file, rest };
  }

  function onData(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? '';
    const found = find(url);
    if (found?.rest === RECORDING_PATH) {
      answerRecording(found.file, request, response);
      return true;
    }
    if ('get' in files && found === null) {
      const path = url.split('?')[0];
      const text = path === '/' ? menuPage(files) : path === MENU_STYLE_PATH ? MENU_STYLE : null;
      if (text === null) return false;
      response.setHeader('Content-Type', `${path === '/' ? 'text/html' : 'text/css'}; charset=utf-8`);
      response.end(text);
      return true;
    }
    // The page's own files are the same for all.
    if (found !== null) request.url = found.rest;
    return false;
  }

  const sockets = createSocketServer((path) => {
    const found = find(path);
    if (found === null || found.rest !== SOCKET_PATH) return null;
    return (socket) => playTo(socket, found.file, playback);
  });
  let guard: Guard = createGuard(options.port, addresses[0] ?? '');
  const servers = addresses.map(() => createPageServer({ guard: () => guard, onUpgrade: sockets.upgrade, onData }));
  const port = await listen(servers, addresses, options.port);
  guard = createGuard(port, addresses[0] ?? '');
  return port;
}
