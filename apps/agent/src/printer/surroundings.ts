// Namespaces as a person calls them, and the sentence about a drop: both need the topology as it is now.
import {
  applyChanges,
  createEvidenceBook,
  type Drop,
  explainDrop,
  gatherEvidence,
  type JsonSurroundings,
  type SubjectNames,
  subjectNames,
} from '@hopscope/model';
import type { NetnsId, ServerFrame, Topology } from '@hopscope/protocol';

export interface Surroundings extends JsonSurroundings {
  /** Whether facts about this drop have come. */
  hasEvidence(drop: Drop): boolean;
}

export interface LiveSurroundings extends Surroundings {
  /** As it is now; another object whenever it changed. */
  readonly topology: Topology;
  /** For the display filter. */
  readonly subjectNames: SubjectNames;
  onControl(frame: ServerFrame): void;
}

export function createSurroundings(): LiveSurroundings {
  const evidence = createEvidenceBook();
  let topology: Topology = { namespaces: [] };
  let titles: ReadonlyMap<NetnsId, string> = new Map();
  let forFilter: SubjectNames = subjectNames(topology);

  function take(next: Topology): void {
    topology = next;
    forFilter = subjectNames(next);
    titles = new Map(next.namespaces.map(({ id, names }) => [id, names[0]?.text ?? '']));
  }

  return {
    netnsName: (netns) => (netns === null ? '' : (titles.get(netns) ?? '')),
    hasEvidence: (drop) => Object.keys(evidence.factsOf(drop)).length > 0,
    explain(exchange) {
      const all = gatherEvidence(exchange, topology, evidence.factsAbout(exchange));
      return { evidence: all, sentence: explainDrop(exchange, all) };
    },
    get topology() {
      return topology;
    },
    get subjectNames() {
      return forFilter;
    },
    onControl(frame) {
      if (frame.type === 'topology') take(frame.topology);
      else if (frame.type === 'topology-patch') take(applyChanges(topology, frame.changes));
      else if (frame.type === 'evidence') evidence.note(frame);
    },
  };
}
