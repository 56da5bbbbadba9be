// Options of quantizeBlip: what is passed on to NNCF is typed, checked before anything runs, and refused when it is
// unknown.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { quantizeBlip, QuantizeError } from '../../lib/optimize';
import { checkQuantizeOptions, type QuantizeOptions } from '../../lib/optimize/quantize-options';

const refused: [options: object, message: RegExp][] = [
  [{ preset: 'accuracy' }, /preset is "accuracy"; expected one of performance, mixed/],
  [{ model_type: 'transformer' }, /option "model_type"; expected parts, /],
  [{ toString: 1 }, /option "toString"/],
  [{ subset_size: 0 }, /subset_size is 0; expected a whole number/],
  [{ subset_size: 2.5 }, /subset_size is 2\.5/],
  [{ subset_size: NaN }, /subset_size is NaN/],
  [{ subset_size: '300' }, /subset_size is "300"/],
  [{ parts: [] }, /parts is \[\]/],
  [{ parts: ['vision'] }, /parts is \["vision"\]; expected a list with one or more of vision_model/],
  [{ fast_bias_correction: 'yes' }, /fast_bias_correction is "yes"; expected true or false/],
  [{ smooth_quant_alpha: 2 }, /smooth_quant_alpha is 2; expected a number from 0 to 1/],
  [{ smooth_quant_alpha: -0.5 }, /smooth_quant_alpha is -0\.5/],
  [{ ignored_scope: { names: ['x'] } }, /ignored_scope is .*expected an object with scopes by part/],
  [
    { ignored_scope: { vision_model: ['x'] } },
    /ignored_scope\.vision_model is \["x"\]; expected one or more of the lists of strings names, patterns, types/,
  ],
  [{ ignored_scope: { vision_model: {} } }, /ignored_scope\.vision_model is \{\}/],
  [{ ignored_scope: { vision_model: { names: 'x' } } }, /ignored_scope\.vision_model/],
  [{ ignored_scope: { vision_model: { layers: ['x'] } } }, /ignored_scope\.vision_model/],
  [{ ignored_scope: { vision_model: null } }, /ignored_scope\.vision_model is null/],
  [{ parts: ['text_decoder'], ignored_scope: { vision_model: { types: ['MatMul'] } } }, /which parts leaves out/],
  [{ decoder_weights: 'INT2' }, /decoder_weights is "INT2"; expected one of INT8_ASYM/],
  [{ decoder_weights: {} }, /decoder_weights has no mode/],
  [{ decoder_weights: { mode: 'INT4_SYM', group_size: 0 } }, /decoder_weights\.group_size is 0/],
  [{ decoder_weights: { mode: 'INT4_SYM', ratio: 1.5 } }, /decoder_weights\.ratio is 1\.5/],
  [{ decoder_weights: { mode: 'INT4_SYM', awq: true } }, /option "decoder_weights\.awq"/],
  [{ signal: {} }, /signal is \{\}; expected an AbortSignal/],
  [{ progress_callback: 1 }, /progress_callback is 1; expected a function/],
  [{ device: '' }, /device is ""/],
  [{ others_from: 3 }, /others_from is 3/],
];

for (const [options, message] of refused)
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => checkQuantizeOptions(options),
      (error: unknown) => (error instanceof QuantizeError && message.test(error.message)) || assert.fail(String(error)),
    );
  });

test('what NNCF knows is accepted, undefined counts as not given', () => {
  const scope = { names: ['a'], patterns: ['.*b'], types: ['MatMul'] };
  const accepted: QuantizeOptions[] = [
    {},
    { preset: 'mixed' },
    { preset: undefined, subset_size: undefined },
    { smooth_quant_alpha: -1 },
    { smooth_quant_alpha: 0 },
    { parts: ['vision_model'], ignored_scope: { vision_model: scope } },
    { ignored_scope: { text_decoder: { types: ['Gather'] } } },
    { decoder_weights: 'INT4_ASYM' },
    { decoder_weights: { mode: 'INT8_SYM', group_size: -1, ratio: 1, all_layers: false, ignored_scope: scope } },
    {
      signal: new AbortController().signal,
      progress_callback: () => {},
      on_log: () => {},
      device: 'CPU',
      properties: { NUM_STREAMS: 1 },
    },
  ];
  for (const options of accepted) checkQuantizeOptions(options);
});

test('nothing is read or written before the check', async () => {
  const output = path.join(os.tmpdir(), `never-${process.pid}`);
  const wrong: object = { presets: 'mixed' };
  await assert.rejects(quantizeBlip('no/such/folder', [], output, wrong), /option "presets"/);
  assert.equal(fs.existsSync(output), false);
});
