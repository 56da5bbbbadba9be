// Prefixes that training wrappers put in front of every name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CheckpointError, type CheckpointTensor } from '../../lib/checkpoint';
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

describe('unwrapNames finds the model by a tensor that every BLIP has', () => {
  const LANDMARK = 'vision_model.embeddings.class_embedding';

  it('takes off any prefix, and leaves out what belongs to the training script', () => {
    assert.deepEqual(namesOf(`blip.${LANDMARK}`, 'blip.itm_head.weight'), [LANDMARK, 'itm_head.weight']);
    assert.deepEqual(namesOf(`module.${LANDMARK}`, 'module.itm_head.bias', 'n_averaged'), [LANDMARK, 'itm_head.bias']);
    assert.deepEqual(namesOf(`model.${LANDMARK}`, 'criterion.weight'), [LANDMARK]);
    assert.deepEqual(namesOf('net.visual_encoder.cls_token', 'net.text_decoder.a'), [
      'visual_encoder.cls_token',
      'text_decoder.a',
    ]);
  });
  it('keeps everything where the model has no prefix', () => {
    assert.deepEqual(namesOf(LANDMARK, 'module.a'), [LANDMARK, 'module.a']);
    assert.deepEqual(namesOf(LANDMARK, `teacher.${LANDMARK}`), [LANDMARK, `teacher.${LANDMARK}`]);
  });
  it('does not choose between several models', () => {
    assert.throws(
      () => namesOf(`student.${LANDMARK}`, `teacher.${LANDMARK}`),
      (error: unknown) =>
        error instanceof CheckpointError && /a\.bin.*"student\.", "teacher\.".*one alone/.test(error.message),
    );
  });
});
