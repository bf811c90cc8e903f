// Facts under construction: what is not known is left out.
import type { Evidence, EvidenceKey, EvidenceValue } from '@hopscope/protocol';

export function factsOf(values: { readonly [Key in EvidenceKey]?: EvidenceValue | undefined }): Evidence {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Evidence;
}
