// Prefixes that training wrappers put in front of every name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckpointTensor } from '../../lib/checkpoint';
import { unwrapNames } from '../../lib/checkpoint/unwrap-names';

function namesOf(...names: string[]): string[] {
  const unread = (): never => assert.fail('only names are looked at');
  const tensor = { path: 'a.bin', dtype: 'F32', shape: [], byteLength: 4 } as const;
  const tensors = new Map<string, CheckpointTensor>(
    names.map((name) => [name, { ...tensor, name, bytes: unread, toFloat32: unread, floatPieces: unread }]),
  );
  const unwrapped = unwrapNames(tensors);
  for (const [name, { name: own }] of unwrapped) assert.equal(own, name);
  return [...unwrapped.keys()];
}

describe('unwrapNames', () => {
  it('takes off a wrapper that every name has, and wrappers within wrappers', () => {
    assert.deepEqual(namesOf('module.a.weight', 'module.b'), ['a.weight', 'b']);
    assert.deepEqual(namesOf('_orig_mod.a', '_orig_mod.b'), ['a', 'b']);
    assert.deepEqual(namesOf('module._orig_mod.model.a', 'module._orig_mod.model.b'), ['a', 'b']);
  });
  it('leaves names alone of which one has no wrapper', () => {
    assert.deepEqual(namesOf('module.a', 'b'), ['module.a', 'b']);
    assert.deepEqual(namesOf('module.module.a', 'module.b'), ['module.a', 'b']);
  });
  it('leaves other prefixes alone', () => {
    assert.deepEqual(namesOf('vision_model.a', 'vision_model.b'), ['vision_model.a', 'vision_model.b']);
    assert.deepEqual(namesOf(), []);
  });
});
