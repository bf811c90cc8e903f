// Programs that a test runs inside a lab and waits for.
import { once } from 'node:events';
import type { Lab } from '@hopscope/lab';

/** Runs a program in a namespace to its end and answers what it printed. `input` becomes its standard input. */
export async function runIn(
  lab: Lab,
  namespace: string,
  argv: readonly string[],
  input = '',
): Promise<{ status: number | null; text: string }> {
  const child = lab.run(namespace, argv);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  // A program that ends without reading its input is no failure.
  child.stdin?.on('error', () => undefined).end(input);
  const [status] = await once(child, 'close');
  return { status, text };
}

/** Pings quietly; `arguments_` are ping's own. Throws unless every request was answered. */
export async function pingIn(lab: Lab, namespace: string, ...arguments_: readonly string[]): Promise<void> {
  const { status, text } = await runIn(lab, namespace, ['ping', '-n', '-q', ...arguments_]);
  if (status !== 0 || !text.includes(' 0% packet loss')) throw new Error(`ping ${arguments_.join(' ')}: ${text}`);
}

export interface Running {
  /** Ends it and resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a program in a namespace and resolves when it has printed a line that says "ready". */
export async function startIn(lab: Lab, namespace: string, argv: readonly string[]): Promise<Running> {
  const child = lab.run(namespace, argv);
  const closed = once(child, 'close');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => {
        said += part;
        if (/\bready\b/.test(said)) resolve();
      });
    }
    child.on('close', () => reject(new Error(`${argv.join(' ')}: ${said}`)));
  });
  return {
    async stop() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
