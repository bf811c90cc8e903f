// What the topology has to say to a filter: the names of namespaces.
import type { Namespace, NamespaceName, NetnsId, Topology } from '@hopscope/protocol';
import type { FilterSubject } from './fields.ts';

export type SubjectNames = Omit<FilterSubject, 'exchange'>;

/** The practice host's namespaces play containers. */
const CONTAINERS: readonly NamespaceName['source'][] = ['docker', 'podman', 'containerd', 'crio', 'lab'];

export function subjectNames({ namespaces }: Topology): SubjectNames {
  const byId = new Map<NetnsId, Namespace>(namespaces.map((namespace) => [namespace.id, namespace]));
  const container = (netns: NetnsId): NamespaceName | undefined => {
    const namespace = byId.get(netns);
    return namespace?.host === true ? undefined : namespace?.names.find(({ source }) => CONTAINERS.includes(source));
  };
  return {
    namesOf: (netns) => byId.get(netns)?.names.map(({ text }) => text) ?? [],
    containerOf: (netns) => container(netns)?.text ?? null,
    imageOf: (netns) => container(netns)?.image || null,
    projectOf: (netns) => container(netns)?.project || null,
  };
}
