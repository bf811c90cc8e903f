// The topology as it was at the end of the recording, as text that other programs draw.
import { applyChanges, topologyToDot, topologyToMermaid } from '@hopscope/model';
import type { NetnsId, Topology } from '@hopscope/protocol';
import type { ExportFormat, ExportOutput, ExportSource } from './format.ts';

type Draw = (topology: Topology, options: { readonly titleOf: (netns: NetnsId) => string }) => string;

async function draw(source: ExportSource, output: ExportOutput, toText: Draw): Promise<void> {
  let topology: Topology = { namespaces: [] };
  for await (const entries of source.frames()) {
    for (const { frame } of entries) {
      if (frame instanceof Uint8Array) continue;
      if (frame.type === 'topology') topology = frame.topology;
      if (frame.type === 'topology-patch') topology = applyChanges(topology, frame.changes);
    }
  }
  const titles = new Map(topology.namespaces.map(({ id, names }) => [id, names[0]?.text ?? '']));
  await output(toText(topology, { titleOf: (netns) => titles.get(netns) ?? '' }));
}

export const mermaid: ExportFormat = {
  ending: '.mmd',
  about: 'for Mermaid',
  write: (source, _, output) => draw(source, output, topologyToMermaid),
};

export const dot: ExportFormat = {
  ending: '.dot',
  about: 'for Graphviz',
  write: (source, _, output) => draw(source, output, topologyToDot),
};
