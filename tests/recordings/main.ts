// Makes the recordings in recordings/: real captures of labs, cut down to the lab. Run by scripts/recordings.mjs, as root.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
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
import { HOST, openContainers, openLab, type Site } from './site.ts';

const PROGRAM = join(process.cwd(), 'apps/agent/bin/hopscope.mjs');
const FOLDER = join(process.cwd(), 'recordings');
/** An exchange without an answer is over after two seconds. */
const SETTLES_MS = 3000;

async function capture({ name, flags = [], traffic }: Scene, site: Site, folder: string): Promise<string> {
  const path = join(folder, `${name}.hops`);
  const netns = site.inums.flatMap((inum) => ['--filter-netns', String(inum)]);
  const recorder = spawn(process.execPath, [PROGRAM, 'record', '-w', path, ...netns, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: site.env,
  });
  await new Promise<void>((resolve) => {
    createInterface({ input: recorder.stderr }).on('line', (line) => {
      process.stderr.write(`${name}: ${line}\n`);
      if (line.startsWith('Recording')) resolve();
    });
  });
  for (const { namespace, argv } of traffic) await site.run(namespace, argv);
  await setTimeout(SETTLES_MS);
  recorder.kill('SIGINT');
  await once(recorder, 'exit');
  return path;
}

function isKnown(id: string, topology: Topology): boolean {
  return topology.namespaces.some((namespace) => namespace.id === id);
}

/** Writes it anew with what belongs to its site alone. */
async function publish({ name, title, text }: Scene, site: Site, path: string): Promise<void> {
  const bytes = readFileSync(path);
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  const recording = await openRecording(source, (packed) => gunzipSync(packed));
  if (recording.damage !== null) throw new Error(`${name}: ${recording.damage.message}`);
  const { hello, created } = recording.header;
  const ownHello: Hello = { ...hello, host: { ...hello.host, name: HOST, bootId: '' }, lab: site.isLab };
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
        const batch = readBatch(frame, 0n);
        const names = Array.from({ length: batch.count }, (_, at) => batch.hop(at).ifname);
        if (!site.isLab && names.includes('lo')) throw new Error(`${name}: somebody pings this machine: once more`);
        writer.add({ t, frame }, batch.count);
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
      lastTopology = { namespaces: frame.topology.namespaces.flatMap((namespace) => site.own(namespace) ?? []) };
      return { ...frame, topology: lastTopology };
    }
    if (frame.type !== 'topology-patch') return frame;
    const changes = frame.changes.flatMap((change): TopologyChange[] => {
      if (change.op === 'remove') return isKnown(change.id, lastTopology) ? [change] : [];
      const namespace = site.own(change.namespace);
      return namespace === null ? [] : [{ op: 'put', namespace }];
    });
    return { ...frame, changes };
  }
}

async function make(scene: Scene, folder: string): Promise<void> {
  const { topology, fault, warmUp = [] } = scene;
  const lab = topology === 'docker' ? null : await openLab(topology);
  const site = lab ?? (await openContainers('shop', ['web', 'db']));
  try {
    for (const { namespace, argv } of warmUp) await site.run(namespace, argv);
    if (fault !== undefined) await lab?.apply(fault);
    await publish(scene, site, await capture(scene, site, folder));
  } finally {
    await site.stop();
  }
}

function readme(): string {
  const rows = SCENES.map(
    ({ name, title, text, how }) => `- **\`${name}.hops\`**: ${title.toLowerCase()}. ${text} _Made by:_ ${how}`,
  );
  return `# Recordings

Real captures, small enough to be kept here: what \`hopscope demo\` shows, and what tests read. \`sudo node scripts/recordings.mjs\` makes all of
them anew, each in a lab (packages/lab) or with a Docker engine of its own; what belongs to the rest of the machine is left out, and the host is called “${HOST}”.

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
