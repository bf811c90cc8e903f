// The addon's facts and the model's are one shape: both assignments must compile (tsc -p tests), both ways.
import type { NamespaceFacts as ModelFacts } from '@hopscope/model';
import type { NamespaceFacts as AddonFacts } from '@hopscope/native';
import { expectTypeOf, it } from 'vitest';

it('declares the facts of a namespace as the addon does', () => {
  expectTypeOf<ModelFacts>().toEqualTypeOf<AddonFacts>();
});
