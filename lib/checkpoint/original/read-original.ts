// What a checkpoint of the original repository is in the terms of transformers: tensors under their names there,
// configuration, side files.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeValue } from '../../core/describe-value';
import { isRecord } from '../../core/is-record';
import { readJSON } from '../../core/read-json';
import { parseBlipConfig, type BlipConfig } from '../blip-config';
import { CONFIG_FILE, IMAGE_PROCESSOR_FILES } from '../checkpoint-files';
import type { CheckpointTensor } from '../checkpoint-tensor';
import { CheckpointError } from '../errors';
import { renameTensors } from '../unwrap-names';
import { deriveConfig, deriveImageProcessor, imageSizeOf, withImageSize } from './original-side-files';
import { renameOriginal } from './rename-original';

type Tensors = ReadonlyMap<string, CheckpointTensor>;
type Json = Readonly<Record<string, unknown>>;

export interface OriginalCheckpoint {
  readonly tensors: Tensors;
  readonly config: BlipConfig;
  /** Side files that the folder lacks, or that contradict the weights: their text by their name. */
  readonly derivedFiles: ReadonlyMap<string, string>;
}

/** What of a file each task needs: one file from pretraining holds the parts of all. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  BlipForQuestionAnswering: ['text_encoder', 'text_decoder'],
  BlipForConditionalGeneration: ['text_decoder'],
  BlipForImageTextRetrieval: ['text_encoder', 'vision_proj', 'text_proj', 'itm_head'],
};
const ALL_PARTS = [...new Set(Object.values(PARTS).flat())];

/**
 * Takes config.json and preprocessor_config.json from the folder where they are there, but the size of the images from
 * the weights:
 * VQA checkpoints take 480 x 480 pixels, and what is copied from the hub says 384.
 *
 * @param tensors under the original names
 * @param weights the file that holds them, for messages
 * @throws {CheckpointError | BlipConfigError}
 */
export function readOriginal(tensors: Tensors, folder: string, weights: string): OriginalCheckpoint {
  const renamed = renameOriginal(tensors, weights);
  const size = imageSizeOf(renamed, weights);
  const derivedFiles = new Map<string, string>();
  const derive = (name: string, json: Json): Json => {
    derivedFiles.set(name, `${JSON.stringify(json, undefined, 2)}\n`);
    return json;
  };

  const configFile = path.join(folder, CONFIG_FILE);
  const written = readSettings(configFile);
  const told = written && parseBlipConfig(written, configFile);
  const architecture = told?.architectures.find((name) => name in PARTS) ?? architectureOf(renamed);
  const kept = renameTensors(renamed, (name) => (isNeeded(name, architecture) ? name : undefined));
  const config =
    told?.vision_config.image_size === size
      ? told
      : parseBlipConfig(
          derive(CONFIG_FILE, written ? withImageSize(written, size) : deriveConfig(kept, architecture, weights)),
          written ? configFile : `${weights} (its shapes)`,
        );

  const processor = readImageProcessor(folder);
  if (!processor.settings || !isSize(processor.settings.size, size)) {
    const settings = deriveImageProcessor(processor.settings, size);
    derive(processor.name, processor.around ? { ...processor.around, image_processor: settings } : settings);
  }
  return { tensors: kept, config, derivedFiles };
}

/**
 * The class whose parts the tensors are. A file from pretraining has them all: transformers makes a captioning model of
 * it.
 */
function architectureOf(tensors: Tensors): string {
  const has = (part: string): boolean => [...tensors.keys()].some((name) => name.startsWith(`${part}.`));
  if (!has('text_decoder')) return 'BlipForImageTextRetrieval';
  return has('text_encoder') && !has('itm_head') ? 'BlipForQuestionAnswering' : 'BlipForConditionalGeneration';
}

function isNeeded(name: string, architecture: string): boolean {
  const part = name.split('.')[0];
  return !ALL_PARTS.includes(part) || PARTS[architecture].includes(part);
}

interface ImageProcessor {
  /** The file that counts. */
  readonly name: string;
  readonly settings: Json | undefined;
  /** What the file has around the settings. */
  readonly around?: Json;
}

/** As transformers looks for it: in processor_config.json, one level down, or else in preprocessor_config.json. */
function readImageProcessor(folder: string): ImageProcessor {
  const [plain, combined] = IMAGE_PROCESSOR_FILES;
  const around = readSettings(path.join(folder, combined));
  if (around !== undefined && isRecord(around.image_processor))
    return { name: combined, settings: around.image_processor, around };
  return { name: plain, settings: readSettings(path.join(folder, plain)) };
}

function isSize(size: unknown, expected: number): boolean {
  return size === expected || (isRecord(size) && size.height === expected && size.width === expected);
}

/** @returns undefined when there is no such file */
function readSettings(file: string): Json | undefined {
  if (!fs.existsSync(file)) return undefined;
  const json = readJSON(file, { error: CheckpointError });
  if (!isRecord(json)) throw new CheckpointError(`${file}: expected an object, got ${describeValue(json)}.`);
  return json;
}
