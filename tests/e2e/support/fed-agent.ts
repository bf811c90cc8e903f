// The real gateway and page over a stream that the test writes itself: machines that no test could build, at any rate.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import {
  encodeControlFrame,
  FRAME_HEADER_BYTES,
  FRAME_KIND,
  type Hello,
  RECORD_LAYOUT,
  type ServerFrame,
  type Topology,
  writeFrameHeader,
} from '@hopscope/protocol';
import type { GatewayConfig } from '../../../apps/agent/src/lib/child-config.ts';

const root = join(import.meta.dirname, '../../..');
const NOBODY_ID = 65534;

export interface FedAgent {
  readonly url: string;
  send(frame: ServerFrame): void;
  /** A whole hop batch. Resolves when the gateway can take more. */
  sendHops(batch: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** @param topology what the page is shown at first */
export async function startFedAgent(topology: Topology): Promise<FedAgent> {
  const isRoot = process.getuid?.() === 0;
  const config: GatewayConfig = {
    identity: {
      uid: isRoot ? NOBODY_ID : (process.getuid?.() ?? 1),
      gid: isRoot ? NOBODY_ID : (process.getgid?.() ?? 1),
      name: 'nobody',
    },
    port: 0,
    addresses: ['127.0.0.1'],
    displayHost: 'localhost',
    assets: join(root, 'apps/web/dist'),
    metrics: false,
    history: null,
  };
  const gateway = spawn(process.execPath, [join(root, 'apps/agent/dist/gateway.mjs'), JSON.stringify(config)], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, UV_USE_IO_URING: '0' },
  });
  const gone = once(gateway, 'exit');
  const stream = gateway.stdio[3] as Duplex;
  stream.on('error', () => undefined);
  // What it tells the capture process is not our concern, but a pipe that nobody reads fills up.
  stream.resume();
  const listening = readPort(gateway.stdout);
  const send = (frame: ServerFrame): void => void stream.write(encodeControlFrame(frame));
  send(helloFrame());
  send({ type: 'topology', version: 1, topology });
  const port = await Promise.race([listening, gone.then(() => Promise.reject(new Error('the gateway has ended')))]);
  return {
    url: `http://localhost:${port}`,
    send,
    async sendHops(batch) {
      const frame = new Uint8Array(FRAME_HEADER_BYTES + batch.byteLength);
      writeFrameHeader(frame, FRAME_KIND.hops, batch.byteLength);
      frame.set(batch, FRAME_HEADER_BYTES);
      if (!stream.write(frame)) await once(stream, 'drain');
    },
    async stop() {
      gateway.kill('SIGKILL');
      await gone;
    },
  };
}

function readPort(output: Readable | null): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    output?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const port = /listening on http:\/\/\S+:(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

function helloFrame(): Hello {
  return {
    ...RECORD_LAYOUT,
    type: 'hello',
    agent: { version: '0.1.0' },
    host: { name: 'build-7', kernel: '6.18.0', bootId: '0' },
    clock: { monotonicNs: '0', wallNs: String(BigInt(Date.now()) * 1_000_000n) },
    dropReasons: { '2': 'NOT_SPECIFIED', '8': 'NETFILTER_DROP' },
    features: [],
    lab: false,
  };
}
