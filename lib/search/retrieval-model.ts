// What indexing and searching need of a model: its matcher and processor, and a digest that tells whose features an
// index holds.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { IMAGE_PROCESSOR_FILES } from '../checkpoint/checkpoint-files';
import { convertOnce } from '../convert/convert-once';
import { OVBlipMatcher, type PretrainedOptions } from '../generation';
import { checkRetrieval } from '../generation/blip-matcher';
import { splitOptions } from '../generation/pretrained-options';
import { readMemory, rememberedDigest } from '../model-folder/digest-memory';
import { asOneModel } from '../model-folder/load-unchanged';
import { readManifest } from '../model-folder/manifest';
import { modelName } from '../model-folder/model-name';
import { BlipProcessor } from '../preprocessing';

/**
 * What decides on features: weights, and how images are prepared. The .xml files are left out, so that a new version of
 * this library, which may write the same model in other words, takes the indexes of the old one.
 */
const DECIDING = ['blip_vision_model.bin', 'blip_text_features.bin', ...IMAGE_PROCESSOR_FILES];

/**
 * A model that images and texts are searched with.
 *
 * @example
 * const model = await RetrievalModel.fromPretrained('Salesforce/blip-itm-base-coco');
 * const index = await indexImages('photos', model);
 * await searchImages(index, 'two dogs on a beach', { top_k: 3 });
 * model.dispose();
 */
export class RetrievalModel {
  private constructor(
    readonly matcher: OVBlipMatcher,
    readonly processor: BlipProcessor,
    /** A hub id, or the name of a local folder. */
    readonly id: string,
    /** Of all that decides on features, 64 hexadecimal digits: FP16 and INT8 differ. */
    readonly digest: string,
    /** Numbers in the features of an image or a text. */
    readonly size: number,
  ) {}

  /**
   * Loads a retrieval checkpoint, or one of BlipModel, from the hub or from a folder: converts it into the cache at the
   * first call.
   *
   * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
   * @throws {BlipModelError} when it has no contrastive features
   * @throws whatever convertOnce and OVBlipMatcher.load throw
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedOptions = {}): Promise<RetrievalModel> {
    checkArguments('RetrievalModel.fromPretrained', { idOrFolder: [idOrFolder, 'path'] });
    const { source, load } = splitOptions('RetrievalModel.fromPretrained', options);
    const folder = await convertOnce(idOrFolder, source, checkRetrieval);
    const loadAll = async (): Promise<RetrievalModel> => {
      const matcher = await OVBlipMatcher.load(folder, load);
      try {
        const processor = await BlipProcessor.fromCheckpoint(folder);
        const { dims } = await matcher.getTextFeatures(processor.text('a')); // also tells what it lacks
        const id = readManifest(folder)?.checkpoint.id ?? modelName(folder);
        return new RetrievalModel(matcher, processor, id, await digestOf(folder), dims[1]);
      } catch (error) {
        matcher.dispose();
        throw error;
      }
    };
    return asOneModel(folder, loadAll, (model) => model.dispose());
  }

  /** Frees the compiled models. */
  dispose(): void {
    this.matcher.dispose();
  }
}

async function digestOf(folder: string): Promise<string> {
  const memory = await readMemory();
  const hash = createHash('sha256');
  for (const name of [...DECIDING].sort()) {
    const file = path.join(folder, name);
    if (fs.existsSync(file)) hash.update(`${name} ${await rememberedDigest(file, memory)}\n`);
  }
  return hash.digest('hex');
}
