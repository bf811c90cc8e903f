// Debian's Firefox, headless, by its own remote protocol (Marionette): Playwright drives only builds of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Firefox {
  open(url: string): Promise<void>;
  /** @param script the body of a function @returns what it returns */
  run<Value>(script: string): Promise<Value>;
  /** A PNG of the window. */
  screenshot(): Promise<Buffer>;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 40_000;

export async function startFirefox(): Promise<Firefox> {
  const home = mkdtempSync(join(tmpdir(), 'hopscope-firefox-'));
  writeFileSync(join(home, 'user.js'), 'user_pref("marionette.port", 0);\n');
  const argv = ['--headless', '--no-remote', '--marionette', '--profile', home, '--window-size', '1280,800'];
  const child = spawn('firefox-esr', argv, { stdio: 'ignore', env: { ...process.env, HOME: home } });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const socket = await connectTo(join(home, 'MarionetteActivePort'));
    const ask = messenger(socket);
    await ask('WebDriver:NewSession', {});
    return {
      open: async (url) => void (await ask('WebDriver:Navigate', { url })),
      run: async (script) => ((await ask('WebDriver:ExecuteScript', { script, args: [] })) as { value: never }).value,
      async screenshot() {
        const { value } = (await ask('WebDriver:TakeScreenshot', { full: false })) as { value: string };
        return Buffer.from(value, 'base64');
      },
      async stop() {
        socket.destroy();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param portFile written by Firefox when it listens */
async function connectTo(portFile: string): Promise<Socket> {
  for (const untilMs = Date.now() + STARTS_WITHIN_MS; ; ) {
    try {
      const socket = connect(Number(readFileSync(portFile, 'utf8')), '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (Date.now() > untilMs) throw new Error('Firefox does not listen', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** `LENGTH:JSON`, where a command is [0, id, name, parameters] and its answer [1, id, error, result]. */
function messenger(socket: Socket): (name: string, parameters: unknown) => Promise<unknown> {
  const waiting = new Map<number, (error: { message: string } | null, result: unknown) => void>();
  let pending: Buffer = Buffer.alloc(0);
  let lastId = 0;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const colon = pending.indexOf(':');
      const length = Number(pending.toString('latin1', 0, Math.max(0, colon)));
      if (colon < 1 || pending.length < colon + 1 + length) return;
      const message = JSON.parse(pending.toString('utf8', colon + 1, colon + 1 + length));
      pending = pending.subarray(colon + 1 + length);
      if (Array.isArray(message)) waiting.get(message[1])?.(message[2], message[3]);
    }
  });
  return (name, parameters) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, (error, result) => (error === null ? resolve(result) : reject(new Error(error.message))));
      const text = JSON.stringify([0, id, name, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
}
