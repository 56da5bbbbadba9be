// preprocessor_config.json or processor_config.json, parsed: what a checkpoint wants done to an image, with HF's
// defaults.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { IMAGE_PROCESSOR_FILES } from '../checkpoint/checkpoint-files';
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { parseJSON, readJSON } from '../core/read-json';
import { PreprocessorConfigError } from './errors';
import { parseImageSize, parseResizeSize, type ImageSize, type ShortestEdge } from './parse-image-size';
import { PROCESSOR_TYPES, processorDefaults, type ProcessorDefaults, type Triple } from './processor-types';
import { PIL_FILTERS, type PilFilter } from './resample-weights';

export interface PreprocessorConfig {
  readonly do_resize: boolean;
  /** What an image is resized to: both sides, or the shorter one with the other in proportion. */
  readonly size: ImageSize | ShortestEdge;
  readonly resample: PilFilter;
  /**
   * What `do_center_crop` cuts out of the resized image's middle, on black where that is smaller; absent: nothing is
   * cut.
   */
  readonly crop_size?: ImageSize;
  readonly do_rescale: boolean;
  readonly rescale_factor: number;
  readonly do_normalize: boolean;
  /** Per channel: red, green, blue, on the scale of the rescaled values, normally 0..1. */
  readonly image_mean: readonly [red: number, green: number, blue: number];
  readonly image_std: readonly [red: number, green: number, blue: number];
}

/** Of a config whose images are not resized: nothing reads it. */
const DEFAULT_SIZE = 384;

/** Published values lie between 1/255 and 1; far beyond, an image becomes one number or infinity. */
const RESCALE_RANGE = [1e-6, 1e4] as const;
/** From a standard deviation on the scale 0..1 to one on the scale 0..255, with room. */
const STD_RANGE = [1e-4, 1e4] as const;
const MEAN_RANGE = [0, 1e4] as const;
/** FP16's largest number: devices that compute in it make infinity of anything beyond. */
const MAX_PIXEL_VALUE = 65_504;
/** Two f32 numbers closer than this, in proportion, are the same. */
const FLOAT32_STEP = 2 ** -23;

/** transformers 5 writes the second, with the settings one level down. */
const [PREPROCESSOR_CONFIG, PROCESSOR_CONFIG] = IMAGE_PROCESSOR_FILES;

/**
 * Reads a checkpoint folder's preprocessor configuration. Where both files are there, processor_config.json counts if
 * it has an `image_processor`, as in transformers.
 *
 * @param folder a checkpoint folder, or one that `convertBlip` wrote
 * @param derivedFiles texts that go before the folder's files, by their name (BlipCheckpoint.derivedFiles)
 * @example
 * readPreprocessorConfig('models/blip-scenes').size // { height: 128, width: 128 }
 * @throws {PreprocessorConfigError} when there is no such file, or it asks for something that this library does not do
 */
export function readPreprocessorConfig(
  folder: string,
  derivedFiles: ReadonlyMap<string, string> = new Map(),
): PreprocessorConfig {
  checkArguments('readPreprocessorConfig', { folder: [folder, 'path'], derivedFiles: [derivedFiles, ['get']] });
  const read = (name: string): unknown => {
    const file = path.join(folder, name);
    const derived = derivedFiles.get(name);
    if (derived !== undefined) return parseJSON(derived, file, { error: PreprocessorConfigError });
    return fs.existsSync(file) ? readJSON(file, { error: PreprocessorConfigError }) : undefined;
  };
  const processor = read(PROCESSOR_CONFIG);
  const nested = isRecord(processor) ? (processor.image_processor ?? undefined) : processor;
  if (nested !== undefined)
    return parsePreprocessorConfig(nested, `${path.join(folder, PROCESSOR_CONFIG)}, image_processor`);
  const settings = read(PREPROCESSOR_CONFIG);
  if (settings !== undefined) return parsePreprocessorConfig(settings, path.join(folder, PREPROCESSOR_CONFIG));
  throw new PreprocessorConfigError(
    `${folder}: neither ${PREPROCESSOR_CONFIG} nor an "image_processor" in ${PROCESSOR_CONFIG} describes how images ` +
      `are prepared. Copy ${PREPROCESSOR_CONFIG} from the checkpoint into this folder.`,
  );
}

/**
 * Checks and completes the parsed JSON.
 *
 * As in transformers 5, a missing key takes its default, `null` switches a step off, and keys that change no pixels
 * are ignored. Which ones change pixels was found by experiment: tests/fixtures/make_preprocessor_keys.py.
 *
 * @param file named in errors
 * @throws {PreprocessorConfigError} that names the file and the key
 */
export function parsePreprocessorConfig(json: unknown, file: string): PreprocessorConfig {
  if (!isRecord(json)) throw new PreprocessorConfigError(`${file}: expected an object, got ${describeValue(json)}.`);
  const fail = (key: string, expected: string): never => {
    throw new PreprocessorConfigError(`${file}: "${key}" is ${describeValue(json[key])}; expected ${expected}.`);
  };
  const given = (key: string, fallback: unknown): unknown => (json[key] === undefined ? fallback : json[key]);
  const flag = (key: string, fallback: boolean): boolean => {
    const value = given(key, fallback) ?? false;
    return typeof value === 'boolean' ? value : fail(key, 'true or false');
  };
  const numbers = (key: string, fallback: Triple, [least, most]: readonly [number, number]): Triple => {
    const value = given(key, fallback);
    const list: unknown[] = typeof value === 'number' ? [value, value, value] : Array.isArray(value) ? value : [];
    const [red, green, blue] = list.filter((item): item is number => isWithin(item, least, most));
    if (list.length !== 3 || red === undefined || green === undefined || blue === undefined)
      return fail(key, `one or three numbers of size ${least} to ${most}`);
    return [red, green, blue];
  };
  const defaults = defaultsOf(json, fail);
  // Always done: a model takes three channels, and transformers fails where the flag is false and matters.
  flag('do_convert_rgb', true);

  const do_resize = flag('do_resize', true);
  const size = do_resize
    ? parseResizeSize(given('size', defaults.size), flag('default_to_square', defaults.default_to_square), (expected) =>
        fail('size', expected),
      )
    : { height: DEFAULT_SIZE, width: DEFAULT_SIZE };
  const crop_size = flag('do_center_crop', defaults.do_center_crop)
    ? parseImageSize(given('crop_size', defaults.crop_size), (expected) =>
        fail('crop_size', `${expected}, for "do_center_crop" is true`),
      )
    : undefined;
  const final = crop_size ?? (do_resize && 'height' in size ? size : undefined);
  if (flag('do_pad', false) && (json.pad_size ?? undefined) !== undefined) {
    const padded = parseImageSize(json.pad_size, (expected) => fail('pad_size', expected));
    if (padded.height !== final?.height || padded.width !== final.width)
      fail(
        'pad_size',
        `${final ? `${describeValue(final)}, the size that images have anyway` : 'none'}: padding is not done here`,
      );
  }
  const config = {
    do_resize,
    size,
    resample: do_resize
      ? parseFilter(given('resample', defaults.resample), (expected) => fail('resample', expected))
      : 'bicubic',
    ...(crop_size && { crop_size }),
    ...parseScale({ defaults, flag, given, numbers, fail }),
  } as const;
  checkRange(config, file);
  return config;
}

type Fail = (key: string, expected: string) => never;

/** A checkpoint may name another model's processor, whose defaults differ. */
function defaultsOf(json: Readonly<Record<string, unknown>>, fail: Fail): ProcessorDefaults {
  const key =
    (json.image_processor_type ?? undefined) === undefined ? 'feature_extractor_type' : 'image_processor_type';
  return (
    processorDefaults(json[key] ?? undefined) ??
    fail(key, `one of ${PROCESSOR_TYPES.join(', ')}: others are not done here`)
  );
}

/** The step from 0..255 to `pixel_values`. */
function parseScale({
  defaults,
  flag,
  given,
  numbers,
  fail,
}: {
  readonly defaults: ProcessorDefaults;
  readonly flag: (key: string, fallback: boolean) => boolean;
  readonly given: (key: string, fallback: unknown) => unknown;
  readonly numbers: (key: string, fallback: Triple, range: readonly [number, number]) => Triple;
  readonly fail: Fail;
}): Pick<PreprocessorConfig, 'do_rescale' | 'rescale_factor' | 'do_normalize' | 'image_mean' | 'image_std'> {
  const do_rescale = flag('do_rescale', true);
  const rescale_factor = do_rescale ? given('rescale_factor', 1 / 255) : 1;
  const [least, most] = RESCALE_RANGE;
  if (!isWithin(rescale_factor, least, most))
    return fail('rescale_factor', `a number of size ${least} to ${most}, such as 0.00392156862745098`);
  const do_normalize = flag('do_normalize', true);
  return {
    do_rescale,
    rescale_factor,
    do_normalize,
    image_mean: do_normalize ? numbers('image_mean', defaults.image_mean, MEAN_RANGE) : [0, 0, 0],
    image_std: do_normalize ? numbers('image_std', defaults.image_std, STD_RANGE) : [1, 1, 1],
  };
}

/** Each number may be within its range, and the three together still lose the image. */
function checkRange({ rescale_factor, image_mean, image_std }: PreprocessorConfig, file: string): void {
  image_mean.forEach((mean, channel) => {
    const black = -mean / image_std[channel];
    const white = (255 * rescale_factor - mean) / image_std[channel];
    const largest = Math.max(Math.abs(black), Math.abs(white));
    if (largest <= MAX_PIXEL_VALUE && Math.abs(white - black) / 255 > largest * FLOAT32_STEP) return;
    throw new PreprocessorConfigError(
      `${file}: with "rescale_factor" ${rescale_factor}, "image_mean" ${mean} and "image_std" ${image_std[channel]}, ` +
        `black becomes ${black} and white ${white}; expected distinct numbers of size ${MAX_PIXEL_VALUE} at most.`,
    );
  });
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Math.abs(value) >= least && Math.abs(value) <= most;
}

function parseFilter(value: unknown, fail: (expected: string) => never): PilFilter {
  const filter = typeof value === 'number' ? PIL_FILTERS.get(value) : undefined;
  const known = [...PIL_FILTERS].map(([number, name]) => `${number} (${name})`).join(', ');
  return filter ?? fail(`one of PIL's numbers ${known}`);
}
