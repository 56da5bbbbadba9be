// What a generation runs on: the compiled encoders and the compiled text decoder of one folder.
import * as path from 'node:path';
import type { CompiledModel } from '../openvino';
import { checkTextDecoder } from './check-graphs';
import { sharePart } from './compiled/share-part';
import { decoderProperties, decoderWeights, isDecoderCached } from './decoder-properties';
import { Encoders, type FolderUse } from './encoders';
import type { LoadModelOptions } from './load-model-options';
import { findProblem } from './missing-parts';
import { chooseDecoderPrecision } from './precision/choose-decoder-precision';

/** What a folder is loaded for, beside what a generation needs of it. */
export type LoadUse = Omit<FolderUse, 'findProblem'>;

export interface GenerationParts {
  readonly encoders: Encoders;
  readonly decoder: CompiledModel;
}

/**
 * @param caller for messages about options
 * @throws {BlipModelError} when a file or the device is missing
 * @throws {OpenVINOError} when a model cannot be compiled; then nothing stays loaded
 */
export async function compileParts(
  caller: string,
  folder: string,
  options: LoadModelOptions,
  use: LoadUse,
): Promise<GenerationParts> {
  const encoders = await Encoders.load(caller, folder, options, {
    findProblem: (has) => findProblem(folder, has),
    ...use,
  });
  let decoder: CompiledModel | undefined;
  try {
    const xml = path.join(folder, 'blip_text_decoder.xml');
    const { openvino, core, device, config } = encoders;
    const asked = options.properties ?? {};
    const weights = decoderWeights(xml);
    const chosen = await chooseDecoderPrecision({ openvino, core, device, xml, properties: asked, config, weights });
    const properties = decoderProperties(weights, device, { ...chosen, ...asked });
    const cached = device === 'CPU' && isDecoderCached(core, weights, properties);
    decoder = await sharePart({ openvino, core, xml, device, properties, cached });
    checkTextDecoder(xml, decoder, config);
    return { encoders, decoder };
  } catch (error) {
    decoder?.dispose();
    encoders.dispose();
    throw error;
  }
}
