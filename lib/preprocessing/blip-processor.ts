// Pictures and text in the form that BLIP takes, and token ids back into text: HF's BlipProcessor, without Python.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { callNow } from '../core/call-now';
import { checkArguments } from '../core/check-arguments';
import {
  addSideFileCheck,
  BlipConfigError,
  configuredTask,
  findCheckpoint,
  loadCheckpoint,
  parseBlipConfig,
  type BlipCheckpoint,
  type BlipConfig,
  type LoadCheckpointOptions,
  type TrainingNotes,
} from '../checkpoint';
import { CONFIG_FILE, IMAGE_PROCESSOR_FILES } from '../checkpoint/checkpoint-files';
import { checkOptions } from '../core/check-options';
import { readJSON } from '../core/read-json';
import type { DecodeOptions } from './decode-image';
import { PreprocessorConfigError } from './errors';
import { checkTokenizer } from './check-tokenizer';
import { fittedSize } from './fit-image';
import { preprocessImage, preprocessImages, type PixelValues } from './image';
import { readPreprocessorConfig, type PreprocessorConfig } from './preprocessor-config';
import type { ImageSource } from './read-image-source';
import { BlipTokenizer, type TextInputs, type WarningCallback } from './blip-tokenizer';

export interface BlipProcessorOptions {
  /** Told when a text is cut, and when files seem to be of different models; `console.warn` by default. */
  readonly on_warning?: WarningCallback;
}

/** Where the files come from when a hub id is given: names as in transformers.js. */
export interface PretrainedProcessorOptions extends BlipProcessorOptions, LoadCheckpointOptions {}

/**
 * @example
 * const processor = await BlipProcessor.fromPretrained('models/blip-scenes');
 * const { dims } = await processor.image('data/pictures/demo.jpg');        // [1, 3, 128, 128]
 * const { input_ids } = processor.text('how many dogs are there?');        // [1, 8] i64, [CLS] … [SEP]
 * processor.decode(input_ids)                                              // 'how many dogs are there?'
 */
export class BlipProcessor {
  static {
    // loadCheckpoint checks what this class reads before it fetches weights, but must not import this room.
    addSideFileCheck('processor', async (folder) => {
      await BlipProcessor.fromCheckpoint(folder, { on_warning: () => {} }); // whoever loads the processor is warned
    });
  }

  private constructor(
    /** What happens to an image. */
    readonly imageConfig: PreprocessorConfig,
    /** Tokens that the text model takes at most. */
    readonly maxTextLength: number,
    private readonly tokenizer: BlipTokenizer,
    private readonly warn: WarningCallback,
    /** What config.json says about the model's training; the published checkpoints' says nothing. */
    readonly trainingNotes?: TrainingNotes,
  ) {}

  /**
   * Loads a checkpoint's processor from the hub or from a folder. Weights are not fetched for it.
   *
   * @param idOrFolder a hub id, a checkpoint folder, a file of weights, or a folder of converted models
   * @example
   * const processor = await BlipProcessor.fromPretrained('Salesforce/blip-vqa-base', { revision: 'main' });
   * @throws {PreprocessorConfigError | TokenizerError | BlipConfigError} when a file is missing or malformed
   * @throws {CheckpointError | HubError} when there is no such checkpoint
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedProcessorOptions = {}): Promise<BlipProcessor> {
    checkArguments('BlipProcessor.fromPretrained', { idOrFolder: [idOrFolder, 'path'] });
    checkOptions('BlipProcessor.fromPretrained', options, [
      'on_warning',
      'cache_dir',
      'revision',
      'local_files_only',
      'progress_callback',
      'signal',
    ]);
    const { on_warning, ...source } = options;
    source.signal?.throwIfAborted();
    if (fs.existsSync(path.join(idOrFolder, CONFIG_FILE)))
      return BlipProcessor.fromCheckpoint(idOrFolder, { on_warning });
    const { folder, file } = await findCheckpoint(idOrFolder, source, { weights: false });
    if (file === undefined) return BlipProcessor.fromCheckpoint(folder, { on_warning });
    const checkpoint = await loadCheckpoint(file);
    try {
      return await BlipProcessor.fromCheckpoint(checkpoint, { on_warning });
    } finally {
      checkpoint.close();
    }
  }

  /**
   * @param checkpointOrFolder what `loadCheckpoint` gave, a checkpoint folder, or a folder that `convertBlip` wrote
   * @throws {PreprocessorConfigError | TokenizerError | BlipConfigError} when a file is missing or malformed
   */
  static async fromCheckpoint(
    checkpointOrFolder: BlipCheckpoint | string,
    options: BlipProcessorOptions = {},
  ): Promise<BlipProcessor> {
    checkOptions('BlipProcessor.fromCheckpoint', options, ['on_warning']);
    checkArguments('BlipProcessor.fromCheckpoint', {
      checkpointOrFolder: [checkpointOrFolder, typeof checkpointOrFolder === 'string' ? 'path' : ['folder', 'config']],
    });
    const folder = typeof checkpointOrFolder === 'string' ? checkpointOrFolder : checkpointOrFolder.folder;
    const config = typeof checkpointOrFolder === 'string' ? readConfig(folder) : checkpointOrFolder.config;
    const derivedFiles = typeof checkpointOrFolder === 'string' ? undefined : checkpointOrFolder.derivedFiles;
    const imageConfig = readPreprocessorConfig(folder, derivedFiles);
    const { image_size } = config.vision_config;
    const fitted = fittedSize(imageConfig);
    if (fitted !== undefined && (fitted.width !== image_size || fitted.height !== image_size)) {
      throw new PreprocessorConfigError(
        `${folder}: images would become ${fitted.width} x ${fitted.height} pixels ` +
          `(${IMAGE_PROCESSOR_FILES.join(' or ')}), ` +
          `but the vision model takes ${image_size} x ${image_size} (config.json). Make the two files agree.`,
      );
    }
    const warn = callNow('on_warning', options.on_warning ?? ((message) => console.warn(message)));
    const tokenizer = new BlipTokenizer(folder, warn);
    const task = typeof checkpointOrFolder === 'string' ? configuredTask(config) : checkpointOrFolder.task;
    checkTokenizer(tokenizer, config.text_config, { folder, task, warn });
    return new BlipProcessor(
      imageConfig,
      config.text_config.max_position_embeddings,
      tokenizer,
      warn,
      config.training_notes,
    );
  }

  /**
   * One image, prepared: JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP, of at most 179 megapixels.
   *
   * @param source a path, a URL (http, https, file, data), an encoded file in memory, or a sharp pipeline
   * @param options `alpha`: 'white' (default) lays a transparent image on white, as HF's processor does since
   *   transformers 5; 'drop' ignores the transparency, as PIL's convert('RGB') does. `exif_transpose`: false leaves an
   *   image lying on its side
   * @returns [1, 3, height, width] f32
   * @throws {ImageError} when it cannot be read or decoded
   * @example
   * await processor.image('logo.png', { alpha: 'drop' })
   */
  image(source: ImageSource, options: DecodeOptions = {}): Promise<PixelValues> {
    return preprocessImage(source, this.imageConfig, options);
  }

  /**
   * Several images as one batch, [sources.length, 3, height, width] f32.
   *
   * @throws {ImageError} that names the first image that cannot be read, and its place in the list
   */
  images(sources: readonly ImageSource[], options: DecodeOptions = {}): Promise<PixelValues> {
    return preprocessImages(sources, this.imageConfig, options);
  }

  /**
   * One text or several as `[CLS] text [SEP]`, padded to the longest: [batch, length] i64. Too long a text is cut,
   * with a warning.
   */
  text(text: string | readonly string[]): TextInputs {
    return this.tokenizer.encode(typeof text === 'string' ? [text] : text, this.maxTextLength, this.warn);
  }

  /**
   * The words of a text that are new to the model, as typed, each once, at most 100: what its tokenizer takes apart.
   * Always empty where config.json's `training_notes` do not say that every whole word of the vocabulary was seen in
   * training, as with the published checkpoints: BERT's word pieces tell nothing about it.
   *
   * @example
   * processor.unknownWords('Is the axolotl next to a dog?') // ['axolotl']
   */
  unknownWords(text: string): string[] {
    checkArguments('unknownWords', { text: [text, 'text'] });
    return this.trainingNotes?.whole_words_seen === true ? this.tokenizer.unknownWords(text) : [];
  }

  /**
   * Tokens of a text, with [CLS] and [SEP], before anything is cut off: more than `maxTextLength` do not fit.
   *
   * @throws {TokenizerError} when it is not a string
   * @example
   * processor.countTokens('how many dogs are there?') // 8
   */
  countTokens(text: string): number {
    checkArguments('countTokens', { text: [text, 'text'] });
    return this.tokenizer.encode([text], Number.POSITIVE_INFINITY, this.warn).dims[1];
  }

  /** Token ids of one row as text, without the special tokens. */
  decode(ids: ArrayLike<number | bigint>): string {
    return this.tokenizer.decode(ids);
  }

  /** `decode` for each row. */
  batchDecode(rows: readonly ArrayLike<number | bigint>[]): string[] {
    checkArguments('batchDecode', { rows: [rows, 'list'] });
    return rows.map((ids) => this.decode(ids));
  }

  /** The token behind each id: `tokens([101n])` is `['[CLS]']` with BERT's vocabulary. */
  tokens(ids: ArrayLike<number | bigint>): string[] {
    return this.tokenizer.tokens(ids);
  }
}

function readConfig(folder: string): BlipConfig {
  const file = path.join(folder, CONFIG_FILE);
  const advice =
    'Expected a checkpoint folder, or one that convertBlip wrote; ' +
    'for an id on the hub, call loadCheckpoint first and pass its result.';
  return parseBlipConfig(readJSON(file, { error: BlipConfigError, advice }), file);
}
