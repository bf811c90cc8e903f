// What is around the kernel: none of it decides whether packets can be captured.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/failure.ts';
import { PAGE_FOLDER } from '../../lib/page-folder.ts';
import { createEngineApi } from '../names/engine-api.ts';
import { findEngines } from '../names/engines.ts';
import { type Check, off, on } from './check.ts';

const NODE_AT_LEAST = [20, 12] as const;

export async function checkSurroundings(env: NodeJS.ProcessEnv): Promise<Check[]> {
  return [
    checkNode(),
    existsSync(join(PAGE_FOLDER, 'index.html')) ? on('page') : off('page', 'the page is not built', 'npm run build'),
    checkProgram(env, 'ip', 'the practice host (--lab) is built with it', 'apt-get install iproute2'),
    checkProgram(env, 'ping', 'the practice host (--lab) pings with it', 'apt-get install iputils-ping'),
    await checkEngine(env),
  ];
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1]);
  return enough
    ? on('node', process.versions.node)
    : off('node', `version ${process.versions.node}`, `Node ${NODE_AT_LEAST.join('.')} or later`);
}

function checkProgram(env: NodeJS.ProcessEnv, program: string, use: string, mend: string): Check {
  // Root's own tools are not on everybody's PATH.
  const folders = [...(env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, program)).find(isExecutable);
  return found === undefined ? off(program, `not installed; ${use}`, mend) : on(program, found);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first engine that answers. */
async function checkEngine(env: NodeJS.ProcessEnv): Promise<Check> {
  const { sockets } = findEngines(env);
  let why = '';
  for (const { socketPath } of sockets) {
    try {
      const running = await createEngineApi(socketPath).listRunning();
      return on('docker-socket', `${socketPath}, ${running.length} running`);
    } catch (error) {
      if (why === '' || existsSync(socketPath)) why = `${socketPath}: ${messageOf(error)}`;
    }
  }
  return off(
    'docker-socket',
    `no container engine answers (${why}); container names then come from its files`,
    'start Docker, or set DOCKER_HOST=unix://…',
  );
}
