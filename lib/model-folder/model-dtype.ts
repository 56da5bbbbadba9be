// The precision of a converted model's weights, read from its graphs.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { FileError } from '../core/read-text';
import { irStatistics } from '../ir/ir-statistics';

/** The precision of a model's weights, named as transformers.js names it; `int8` stands for 4-bit weights too. */
export type Dtype = 'fp16' | 'fp32' | 'int8';

export const DTYPES: readonly Dtype[] = ['fp16', 'fp32', 'int8'];

/**
 * @param folder what `convertBlip` or `quantizeBlip` wrote
 * @returns `int8` when any part has weights of 8 bits or less
 * @example
 * await modelDtype('output/blip-scenes/fp16') // 'fp16'
 */
export async function modelDtype(folder: string): Promise<Dtype> {
  checkArguments('modelDtype', { folder: [folder, 'path'] });
  if (!fs.existsSync(folder))
    throw new FileError(`${folder}: no such folder. Name one that convertBlip or quantizeBlip wrote.`);
  let halves = 0;
  let floats = 0;
  for (const name of fs.readdirSync(folder).filter((each) => /^blip_\w+\.xml$/.test(each))) {
    const { constants, integerConstants } = await irStatistics(path.join(folder, name));
    if (integerConstants.bytes > 0) return 'int8';
    halves += constants.f16?.bytes ?? 0;
    floats += constants.f32?.bytes ?? 0;
  }
  return halves > floats ? 'fp16' : 'fp32';
}
