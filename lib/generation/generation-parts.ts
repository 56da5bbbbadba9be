// What a generation runs on: the compiled encoders and the compiled text decoder of one folder.
import * as path from 'node:path';
import type { CompiledModel } from '../openvino';
import { checkTextDecoder } from './check-graphs';
import type { GraphPart } from './compiled/compile-part';
import { sharePart } from './compiled/share-part';
import { decoderProperties, decoderWeights, isDecoderCached } from './decoder-properties';
import { Encoders } from './encoders';
import type { LoadUse } from './folder-use';
import type { LoadModelOptions } from './load-model-options';
import { findProblem } from './missing-parts';
import { chooseDecoderPrecision } from './precision/choose-decoder-precision';

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
  const xml = path.join(folder, 'blip_text_decoder.xml');
  let choosing: Promise<DecoderSettings> | undefined;
  const encoders = await Encoders.load(caller, folder, options, {
    ...use,
    findProblem: (has) => findProblem(folder, has),
    onVision: async (loaded) => {
      choosing = chooseSettings(loaded, xml, options);
      await choosing; // a trial takes times: nothing else may run beside it
      use.onVision?.((pixel_values) => loaded.encodeImage(pixel_values));
    },
  });
  let decoder: CompiledModel | undefined;
  try {
    const { openvino, core, device, config } = encoders;
    const settings = await (choosing ?? chooseSettings(encoders, xml, options));
    decoder = await sharePart({ openvino, core, xml, device, ...settings });
    checkTextDecoder(xml, decoder, config);
    return { encoders, decoder };
  } catch (error) {
    decoder?.dispose();
    encoders.dispose();
    throw error;
  }
}

type DecoderSettings = Required<Pick<GraphPart, 'properties' | 'cached'>>;

async function chooseSettings(
  { openvino, core, device, config }: Encoders,
  xml: string,
  { properties: asked = {} }: LoadModelOptions,
): Promise<DecoderSettings> {
  const weights = decoderWeights(xml);
  const chosen = await chooseDecoderPrecision({ openvino, core, device, xml, properties: asked, config, weights });
  const properties = decoderProperties(weights, device, { ...chosen, ...asked });
  return { properties, cached: device === 'CPU' && isDecoderCached(core, weights, properties) };
}
