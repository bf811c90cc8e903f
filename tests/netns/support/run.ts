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
