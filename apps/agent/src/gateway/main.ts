// The unprivileged web server: loads, gives up every privilege, listens, relays.
import { performance } from 'node:perf_hooks';
import { SOCKET_PATH } from '@hopscope/protocol';
import { GatewayConfig, readChildConfig } from '../lib/child-config.ts';
import { EXIT, type ExitCode, exitOnUncaught, reportFailure } from '../lib/failure.ts';
import { loadNative } from '../lib/native.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { openUpstream } from '../lib/upstream.ts';
import { within } from '../lib/within.ts';
import { createGuard, type Guard } from './guard.ts';
import { createPageServer } from './http.ts';
import { createHub } from './hub.ts';
import { listen } from './listen.ts';
import { createMetrics } from './metrics/metrics.ts';
import { enterPageFolder, requireReadablePage } from './page-files.ts';
import { createSavedHistory } from './saved-history.ts';
import { CLOSE, createSocketServer } from './socket.ts';

/** Pages get this long to take their last frames. */
const PAGES_CLOSE_WITHIN_MS = 250;
/** How often what is counted looks at the clock. */
const ADVANCE_EVERY_MS = 250;

async function main(): Promise<void> {
  const config = readChildConfig(GatewayConfig);
  const native = loadNative();
  enterPageFolder(config.assets);
  const hub = createHub(() => performance.now());
  const history = config.history === null ? null : createSavedHistory(config.history);
  const metrics = config.metrics ? createMetrics() : null;
  const sockets = createSocketServer((path) => (path === SOCKET_PATH ? hub.addPage : null));
  let guard: Guard = createGuard(config.port, config.addresses[0] ?? '');
  const servers = config.addresses.map(() =>
    createPageServer({
      guard: () => guard,
      onUpgrade: sockets.upgrade,
      onData: (...asked) => history?.answer(...asked) === true || metrics?.answer(...asked) === true,
    }),
  );
  native.lockDown(config.identity);
  requireReadablePage(config.assets, config.identity.name);

  async function end(code: ExitCode, closeCode: number, reason: string): Promise<void> {
    hub.end(closeCode, reason);
    await within(PAGES_CLOSE_WITHIN_MS, sockets.allClosed());
    process.exit(code);
  }

  let sayHello = () => {};
  const hello = new Promise<void>((resolve) => {
    sayHello = resolve;
  });
  const upstream = openUpstream({
    onControl(frame) {
      metrics?.onControl(frame);
      if (frame.type === 'device-counts') return;
      history?.add(frame);
      hub.onControl(frame);
      if (frame.type === 'hello') sayHello();
    },
    onHops(batch) {
      history?.add(batch);
      hub.onHops(batch);
      metrics?.onHops(batch);
    },
    onEnd: () => void end(EXIT.ok, CLOSE.goingAway, 'hopscope has ended'),
    onFailure: (failure) => void end(reportFailure(failure), CLOSE.failure, failure.message),
  });
  onStopSignal(upstream.finish);
  if (metrics !== null) setInterval(() => metrics.advance(process.hrtime.bigint()), ADVANCE_EVERY_MS);
  process.on('SIGUSR2', () => void history?.saveTo(upstream));

  const port = await listen(servers, config.addresses, config.port);
  guard = createGuard(port, config.addresses[0] ?? '');
  // Not before packets flow: who reads "listening" and finds no packets would look in the wrong place.
  await hello;
  upstream.tell({ type: 'listening', port });
  process.stdout.write(`Hopscope is listening on http://${config.displayHost}:${port}\n`);
}

exitOnUncaught();
process.stdout.on('error', () => undefined);
main().catch((error) => process.exit(reportFailure(error)));
