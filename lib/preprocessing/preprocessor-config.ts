// preprocessor_config.json, parsed: what a checkpoint wants done to a picture. Defaults as in HF's BlipImageProcessor.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PreprocessorConfigError } from './errors';
import { PIL_FILTERS, type PilFilter } from './resample-weights';

export interface PreprocessorConfig {
  readonly do_resize: boolean;
  readonly size: { readonly height: number; readonly width: number };
  readonly resample: PilFilter;
  readonly do_rescale: boolean;
  readonly rescale_factor: number;
  readonly do_normalize: boolean;
  /** Per channel: red, green, blue, on the scale 0..1. */
  readonly image_mean: readonly [number, number, number];
  readonly image_std: readonly [number, number, number];
}

/** CLIP's statistics, which HF's BlipImageProcessor uses when the file names none. */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;
/** HF's default size; also that of the published BLIP checkpoints. */
const DEFAULT_SIZE = 384;
/** Above this the picture alone takes gigabytes: a size beyond it is a typing error. */
const MAX_SIZE = 16_384;

/** In the order they are looked for. transformers 5 writes the second one, with the settings one level down. */
const FILES = ['preprocessor_config.json', 'processor_config.json'] as const;

/**
 * Reads a checkpoint folder's preprocessor configuration.
 *
 * @param folder a checkpoint folder, or one that `convertBlip` wrote
 * @example
 * readPreprocessorConfig('models/blip-scenes').size // { height: 128, width: 128 }
 * @throws {PreprocessorConfigError} when there is no such file, or it asks for something this room does not do
 */
export function readPreprocessorConfig(folder: string): PreprocessorConfig {
  for (const name of FILES) {
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) continue;
    const json = readJSON(file);
    const settings = name === 'processor_config.json' && isRecord(json) ? json.image_processor : json;
    if (settings !== undefined) return parsePreprocessorConfig(settings, file);
  }
  throw new PreprocessorConfigError(
    `${folder}: neither ${FILES.join(' nor ')} describes the picture's preparation. ` +
      'Copy preprocessor_config.json from the checkpoint into this folder.',
  );
}

/** Checks and completes the parsed JSON; `file` is named in errors. */
export function parsePreprocessorConfig(json: unknown, file: string): PreprocessorConfig {
  if (!isRecord(json)) throw new PreprocessorConfigError(`${file}: expected an object, got ${describe(json)}.`);
  const fail = (key: string, expected: string): never => {
    throw new PreprocessorConfigError(`${file}: "${key}" is ${describe(json[key])}; expected ${expected}.`);
  };
  const flag = (key: string): boolean => {
    const value = json[key] ?? true;
    return typeof value === 'boolean' ? value : fail(key, 'true or false');
  };
  const triple = (key: string, fallback: readonly [number, number, number]): readonly [number, number, number] => {
    const value = json[key] ?? fallback;
    if (typeof value === 'number') return [value, value, value];
    if (
      !Array.isArray(value) ||
      value.length !== 3 ||
      !value.every((item) => typeof item === 'number' && Number.isFinite(item))
    )
      return fail(key, 'three numbers');
    return [Number(value[0]), Number(value[1]), Number(value[2])];
  };
  for (const key of ['do_center_crop', 'do_pad'])
    if (json[key]) fail(key, 'false: BLIP squashes the whole picture, so this step is not done here');

  const rescale_factor = json.rescale_factor ?? 1 / 255;
  if (typeof rescale_factor !== 'number' || !Number.isFinite(rescale_factor))
    return fail('rescale_factor', 'a number such as 0.00392156862745098');
  const code = json.resample ?? 3;
  const resample = typeof code === 'number' ? PIL_FILTERS.get(code) : undefined;
  if (resample === undefined)
    return fail(
      'resample',
      `one of PIL's numbers ${[...PIL_FILTERS].map(([number, filter]) => `${number} (${filter})`).join(', ')}`,
    );
  const image_std = triple('image_std', CLIP_STD);
  if (image_std.includes(0)) return fail('image_std', 'three numbers other than 0');
  return {
    do_resize: flag('do_resize'),
    size:
      parseSize(json.size ?? DEFAULT_SIZE) ??
      fail('size', `{ "height", "width" } or one number, from 1 to ${MAX_SIZE}`),
    resample,
    do_rescale: flag('do_rescale'),
    rescale_factor,
    do_normalize: flag('do_normalize'),
    image_mean: triple('image_mean', CLIP_MEAN),
    image_std,
  };
}

/** Older files give one number for both sides. */
function parseSize(size: unknown): PreprocessorConfig['size'] | undefined {
  const [height, width] = isRecord(size) ? [size.height, size.width] : [size, size];
  const fits = (side: unknown): side is number =>
    typeof side === 'number' && Number.isInteger(side) && side >= 1 && side <= MAX_SIZE;
  return fits(height) && fits(width) ? { height, width } : undefined;
}

function readJSON(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new PreprocessorConfigError(
      `${file}: cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100);
}
