// Options that a call does not have are refused by every call that takes options, before it does anything.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BlipProcessor, convertBlip, loadCheckpoint, OVBlipModel, pipeline } from '../../lib';
import { checkOptions } from '../../lib/core/check-options';

const KNOWN = ['device', 'properties'];

it('known options and undefined ones pass', () => {
  checkOptions('call', {}, KNOWN);
  checkOptions('call', { device: 'CPU', dtype: undefined }, KNOWN);
});

it('an unknown option is named, with the known ones', () =>
  assert.throws(() => checkOptions('call', { dtype: 'q8' }, KNOWN), {
    name: 'OptionsError',
    message: 'call: option "dtype" is not implemented. Implemented: device, properties.',
  }));

it('what is no object of options is named', () => {
  for (const [value, got] of [
    [null, 'null'],
    ['CPU', '"CPU"'],
    [['CPU'], '["CPU"]'],
  ] as const)
    assert.throws(() => checkOptions('call', value, KNOWN), {
      name: 'OptionsError',
      message: `call: the options are ${got}, expected an object. Known options: device, properties.`,
    });
});

const folder = 'models/blip-scenes';
const unknown = { quantized: true };
const calls: Readonly<Record<string, () => unknown>> = {
  loadCheckpoint: () => Reflect.apply(loadCheckpoint, undefined, [folder, unknown]),
  convertBlip: async () => {
    const checkpoint = await loadCheckpoint(folder);
    try {
      await Reflect.apply(convertBlip, undefined, [checkpoint, 'output/never', unknown]);
    } finally {
      checkpoint.close();
    }
  },
  'OVBlipModel.load': () => Reflect.apply(OVBlipModel.load, OVBlipModel, [folder, unknown]),
  'BlipProcessor.fromCheckpoint': () => Reflect.apply(BlipProcessor.fromCheckpoint, BlipProcessor, [folder, unknown]),
  pipeline: () => Reflect.apply(pipeline, undefined, ['image-to-text', folder, unknown]),
};
for (const [name, call] of Object.entries(calls))
  it(`${name} refuses an option that it does not have`, () =>
    assert.rejects(async () => call(), { name: 'OptionsError', message: /option "quantized" is not implemented/ }));
