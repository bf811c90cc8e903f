// The HTTP API that Docker and Podman serve on a unix socket: three questions, asked with a time limit.
import { type IncomingMessage, request } from 'node:http';
import * as v from 'valibot';

const ANSWER_WITHIN_MS = 2000;
/** 10,000 containers are about 8 MiB of list. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;
const EVENT_MAX_BYTES = 1024 * 1024;

const ContainerList = v.array(v.object({ Id: v.string() }));

const optionalText = v.optional(v.nullable(v.string()), '');

const ContainerDetails = v.object({
  Id: v.string(),
  Name: optionalText,
  State: v.optional(v.object({ Running: v.optional(v.boolean(), false), Pid: v.optional(v.number(), 0) })),
  Config: v.optional(
    v.object({ Image: optionalText, Labels: v.optional(v.nullable(v.record(v.string(), v.string())), {}) }),
  ),
  NetworkSettings: v.optional(v.object({ SandboxKey: optionalText })),
});
export type ContainerDetails = v.InferOutput<typeof ContainerDetails>;

const Info = v.object({ DockerRootDir: optionalText });

const Event = v.object({
  Type: v.optional(v.string(), ''),
  Action: v.optional(v.string(), ''),
  Actor: v.optional(v.object({ ID: v.optional(v.string(), '') })),
});

export interface EngineEvents {
  /** Something about this container changed. */
  onContainer(id: string): void;
  /** The stream is over, for whatever reason. Once. */
  onClose(): void;
}

export interface EngineApi {
  listRunning(): Promise<string[]>;
  /** Null when there is no such container any more. */
  inspect(id: string): Promise<ContainerDetails | null>;
  /** Docker's data-root, '' when it does not say. */
  dataRoot(): Promise<string>;
  /** Resolves once events flow; answers how to stop. */
  watch(events: EngineEvents): Promise<() => void>;
}

/** Every call rejects when the engine is not there, does not answer in time, or answers nonsense. */
export function createEngineApi(socketPath: string): EngineApi {
  return {
    async listRunning() {
      return v.parse(ContainerList, await getJson(socketPath, '/containers/json')).map(({ Id }) => Id);
    },
    async inspect(id) {
      const answer = await getJson(socketPath, `/containers/${encodeURIComponent(id)}/json`);
      return answer === null ? null : v.parse(ContainerDetails, answer);
    },
    async dataRoot() {
      return v.parse(Info, await getJson(socketPath, '/info')).DockerRootDir ?? '';
    },
    async watch(events) {
      const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }));
      const response = await get(socketPath, `/events?filters=${filters}`);
      if (response.statusCode !== 200) {
        response.destroy();
        throw new Error(`/events answered ${response.statusCode}`);
      }
      readLines(response, (line) => {
        const event = v.safeParse(Event, parseJson(line));
        const id = event.success && event.output.Type === 'container' ? event.output.Actor?.ID : undefined;
        if (id !== undefined && id !== '') events.onContainer(id);
      });
      response.once('close', () => events.onClose());
      return () => response.destroy();
    },
  };
}

/** Resolves when the answer's head is there. Its body may go on for ever. */
function get(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, headers: { Host: 'localhost' }, agent: false });
    const timer = setTimeout(() => outgoing.destroy(new Error(`${path} was not answered`)), ANSWER_WITHIN_MS);
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      response.on('error', () => undefined);
      resolve(response);
    });
    outgoing.end();
  });
}

/** The answer's body; null for 404. */
async function getJson(socketPath: string, path: string): Promise<unknown> {
  const response = await get(socketPath, path);
  const timer = setTimeout(() => response.destroy(), ANSWER_WITHIN_MS);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response) {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) throw new Error(`${path} answered more than ${ANSWER_MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    if (response.statusCode === 404) return null;
    if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}`);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } finally {
    clearTimeout(timer);
    response.destroy();
  }
}

function readLines(stream: IncomingMessage, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > EVENT_MAX_BYTES) stream.destroy();
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
