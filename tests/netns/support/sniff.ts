// The oracle for bytes: what tcpdump sees on a device.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '@hopscope/lab';

export interface Sniffer {
  /** Frames it has told of so far. Interrupted, it forgets those that it has not read yet: poll this before `stop`. */
  count(): number;
  /** Ends tcpdump and answers every frame it saw, link layer first. */
  stop(): Promise<Buffer[]>;
}

/** Resolves when tcpdump is listening. `filter` is tcpdump's expression. */
export async function startSniffer(lab: Lab, namespace: string, ifname: string, filter: string): Promise<Sniffer> {
  const argv = ['tcpdump', '-i', ifname, '-n', '-U', '--immediate-mode', '-s', '0', '-w', '-', filter];
  const child: ChildProcess = lab.run(namespace, argv);
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  const closed = once(child, 'close');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
    child.on('close', () => reject(new Error(`tcpdump: ${said}`)));
  });
  return {
    count: () => readPcap(Buffer.concat(parts)).length,
    async stop() {
      child.kill('SIGINT');
      await closed;
      return readPcap(Buffer.concat(parts));
    },
  };
}

/** A file header of 24 bytes, then for each frame 16 bytes with its captured length at 8. */
function readPcap(file: Buffer): Buffer[] {
  if (file.length < 24) return [];
  if (file.readUInt32LE(0) !== 0xa1b2c3d4) throw new Error('tcpdump wrote no pcap');
  const frames: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const bytes = file.readUInt32LE(at + 8);
    if (at + 16 + bytes > file.length) break;
    frames.push(file.subarray(at + 16, at + 16 + bytes));
    at += 16 + bytes;
  }
  return frames;
}
