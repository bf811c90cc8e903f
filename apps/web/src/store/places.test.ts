import { expect, it } from 'vitest';
import { createPlaces } from './places.ts';

function memory(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

it('remembers places by machine', () => {
  const storage = memory();
  const places = createPlaces(storage);
  places.open('build-7');
  places.put('web', { x: 10, y: 20 });
  places.open('build-8');
  expect(places.all.size).toBe(0);
  const later = createPlaces(storage);
  later.open('build-7');
  expect([...later.all]).toEqual([['web', { x: 10, y: 20 }]]);
  later.clear();
  const empty = createPlaces(storage);
  empty.open('build-7');
  expect(empty.all.size).toBe(0);
});

it('takes nothing that it did not write', () => {
  const storage = memory();
  for (const text of ['{', '7', '[["web",{"x":"1","y":2}],["db",{"x":1,"y":2}],null]']) {
    storage.setItem('hopscope.places.m', text);
    const places = createPlaces(storage);
    places.open('m');
    expect([...places.all.keys()]).toEqual(text.startsWith('[[') ? ['db'] : []);
  }
});
