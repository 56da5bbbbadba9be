// The INT8 version of a model, where the second notebook has made it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { OVBlipModel } from '../generation';

const INT8 = 'int8';

/**
 * Loads the folder `int8` beside the model's own.
 *
 * @returns undefined where there is none, or none that can be loaded, which is reported
 * @example
 * await blip.startDemo(model, processor, { compare: await nb.int8Beside(model) });
 */
export async function int8Beside(model: {
  readonly folder: string;
  readonly device: string;
}): Promise<OVBlipModel | undefined> {
  checkArguments('int8Beside', { model: [model, ['folder', 'device']] });
  const { folder, device } = model;
  checkArguments('int8Beside', { folder: [folder, 'path'], device: [device, 'text'] });
  const beside = path.join(path.dirname(path.resolve(folder)), INT8);
  if (path.basename(path.resolve(folder)) === INT8 || !fs.existsSync(path.join(beside, 'blip_text_decoder.xml')))
    return undefined;
  try {
    return await OVBlipModel.load(beside, { device });
  } catch (error) {
    if (!(error instanceof BlipError)) throw error;
    console.log(`Without INT8 beside: ${error.message}`);
    return undefined;
  }
}
