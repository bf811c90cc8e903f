// The real agent, started as a user would start it, on a port of its own.
import { join } from 'node:path';
import { startCompanion } from '../../netns/support/child.ts';

const PROGRAM = join(import.meta.dirname, '../../../apps/agent/bin/hopscope.mjs');

export interface Agent {
  /** Where the page is: `http://localhost:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Ends it as Ctrl-C does; answers its exit status. */
  stop(): Promise<number | null>;
}

export interface AgentOptions {
  readonly lab?: boolean;
  /** 0: any free one. */
  readonly port?: number;
  /** A Docker engine's socket, where it is not the usual one. */
  readonly dockerSocket?: string;
  /** More options of `hopscope serve`. */
  readonly argv?: readonly string[];
}

/** Resolves when the agent has printed its address. */
export async function startAgent({
  lab = false,
  port = 0,
  dockerSocket,
  argv: more = [],
}: AgentOptions = {}): Promise<Agent> {
  const argv = [process.execPath, PROGRAM, 'serve', '--port', String(port), ...(lab ? ['--lab'] : []), ...more];
  const env = dockerSocket === undefined ? process.env : { ...process.env, DOCKER_HOST: `unix://${dockerSocket}` };
  const agent = startCompanion(argv, { env }, 'TERM');
  const line = await agent.waitForLine(/http:\/\/\S+:\d+/);
  const [url = ''] = line.match(/http:\/\/[\w.:[\]]+:\d+/) ?? [];
  return { url, port: Number(new URL(url).port), stop: () => agent.stop('SIGINT') };
}
