// Makes the recordings in recordings/: real captures of labs, cut down to the lab. Run by scripts/recordings.mjs, as root.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Lab, startLab } from '@hopscope/lab';
import { EMPTY_PICTURE, nextPicture, pictureFrames } from '@hopscope/model';
import {
  createRecordingWriter,
  type Hello,
  openRecording,
  type RecordingHeader,
  readBatch,
  type ServerFrame,
  type Topology,
  type TopologyChange,
} from '@hopscope/protocol';
import { SCENES, type Scene } from './scenes.ts';

const PROGRAM = join(process.cwd(), 'apps/agent/bin/hopscope.mjs');
const FOLDER = join(process.cwd(), 'recordings');
/** An exchange without an answer is over after two seconds. */
const SETTLES_MS = 3000;
/** How all of these call the machine that they were made on. */
const HOST = 'practice';

async function capture({ name, flags = [], traffic }: Scene, lab: Lab, folder: string): Promise<string> {
  const path = join(folder, `${name}.hops`);
  const netns = lab.namespaces.flatMap(({ inum }) => ['--filter-netns', String(inum)]);
  const recorder = spawn(process.execPath, [PROGRAM, 'record', '-w', path, ...netns, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve) => {
    createInterface({ input: recorder.stderr }).on('line', (line) => {
      process.stderr.write(`${name}: ${line}\n`);
      if (line.startsWith('Recording')) resolve();
    });
  });
  for (const { namespace, argv } of traffic) await once(lab.run(namespace, argv, { stdio: 'ignore' }), 'exit');
  await setTimeout(SETTLES_MS);
  recorder.kill('SIGINT');
  await once(recorder, 'exit');
  return path;
}

/** The machine's other namespaces are nobody's business, and the lab's own host plays the machine. */
function onlyLab(topology: Topology, lab: Lab): Topology {
  const known = new Map(lab.namespaces.map((handle) => [handle.inum, handle]));
  return {
    namespaces: topology.namespaces.flatMap((namespace) => {
      const handle = known.get(namespace.inum);
      if (handle === undefined) return [];
      return [
        {
          ...namespace,
          host: handle.host,
          names: [{ text: handle.name, source: 'lab' as const, image: '', project: '' }],
        },
      ];
    }),
  };
}

function isOfLab(id: string, topology: Topology): boolean {
  return topology.namespaces.some((namespace) => namespace.id === id);
}

/** Writes it anew with what belongs to the lab alone. */
async function publish({ name, title, text }: Scene, lab: Lab, path: string): Promise<void> {
  const bytes = readFileSync(path);
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  const recording = await openRecording(source, (packed) => gunzipSync(packed));
  if (recording.damage !== null) throw new Error(`${name}: ${recording.damage.message}`);
  const { hello, created } = recording.header;
  const ownHello: Hello = { ...hello, host: { ...hello.host, name: HOST, bootId: '' }, lab: true };
  const header: RecordingHeader = { hello: ownHello, created, filter: '', notes: `${title}: ${text}`, redacted: false };
  let picture = EMPTY_PICTURE;
  const parts: Uint8Array[] = [];
  const writer = createRecordingWriter({
    header,
    keyframe: () => pictureFrames(picture),
    write: (part) => parts.push(part),
    gzip: (part) => gzipSync(part, { level: 9 }),
  });
  let lastTopology: Topology = { namespaces: [] };
  for (const [i, block] of recording.blocks.entries()) {
    const entries = await recording.read(block);
    for (const { t, frame } of i === 0 ? entries : entries.slice(block.keyframes)) {
      if (frame instanceof Uint8Array) {
        writer.add({ t, frame }, readBatch(frame, 0n).count);
        continue;
      }
      if (frame.type === 'notice') continue;
      const own = ownFrame(frame);
      if (own === null) continue;
      writer.add({ t, frame: own }, 0);
      picture = nextPicture(picture, own);
    }
  }
  writer.finish();
  writeFileSync(join(FOLDER, `${name}.hops`), Buffer.concat(parts));
  process.stderr.write(`${name}: ${writer.hops} hops, ${writer.bytes} bytes\n`);

  /** Null when it is about the rest of the machine. Versions count on, so a patch stays one, though it may be empty. */
  function ownFrame(frame: ServerFrame): ServerFrame | null {
    if (frame.type === 'topology') {
      lastTopology = onlyLab(frame.topology, lab);
      return { ...frame, topology: lastTopology };
    }
    if (frame.type !== 'topology-patch') return frame;
    const changes = frame.changes.flatMap((change): TopologyChange[] => {
      if (change.op === 'remove') return isOfLab(change.id, lastTopology) ? [change] : [];
      const { namespaces } = onlyLab({ namespaces: [change.namespace] }, lab);
      return namespaces.map((namespace) => ({ op: 'put', namespace }));
    });
    return { ...frame, changes };
  }
}

async function make(scene: Scene, folder: string): Promise<void> {
  const lab = await startLab({ ...scene.topology, traffic: [] });
  try {
    for (const { namespace, argv } of scene.warmUp ?? []) {
      await once(lab.run(namespace, argv, { stdio: 'ignore' }), 'exit');
    }
    if (scene.fault !== undefined) await lab.apply(scene.fault);
    await publish(scene, lab, await capture(scene, lab, folder));
  } finally {
    await lab.stop();
  }
}

function readme(): string {
  const rows = SCENES.map(
    ({ name, title, text, how }) => `- **\`${name}.hops\`**: ${title.toLowerCase()}. ${text} _Made by:_ ${how}`,
  );
  return `# Recordings

Real captures, small enough to be kept here: what \`hopscope demo\` shows, and what tests read. \`sudo node scripts/recordings.mjs\` makes all of
them anew, each in a lab of its own (packages/lab); what belongs to the rest of the machine is left out, and the host is called “${HOST}”.

${rows.join('\n')}
`;
}

const only = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'hopscope-recordings-'));
mkdirSync(FOLDER, { recursive: true });
try {
  for (const scene of SCENES) if (only.length === 0 || only.includes(scene.name)) await make(scene, folder);
  writeFileSync(join(FOLDER, 'README.md'), readme());
  const total = SCENES.reduce((sum, { name }) => sum + statSync(join(FOLDER, `${name}.hops`)).size, 0);
  process.stderr.write(`${SCENES.length} recordings, ${total} bytes\n`);
} finally {
  rmSync(folder, { recursive: true });
}
