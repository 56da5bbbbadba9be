// The image processors whose steps are those of BLIP's, and what each does where its settings say nothing.
// Source: transformers 5.24, image_processing_pil_*.py of these models.

/** What a processor does where the file has no such key. */
export interface ProcessorDefaults {
  readonly size: number | { readonly height: number; readonly width: number } | { readonly shortest_edge: number };
  /** Whether one number as size means both sides, or the shorter one. */
  readonly default_to_square: boolean;
  readonly do_center_crop: boolean;
  readonly crop_size?: number;
  /** PIL's number of the filter. */
  readonly resample: number;
  readonly image_mean: Triple;
  readonly image_std: Triple;
}

export type Triple = readonly [red: number, green: number, blue: number];

const CLIP_MEAN: Triple = [0.48145466, 0.4578275, 0.40821073];
const CLIP_STD: Triple = [0.26862954, 0.26130258, 0.27577711];
const HALF: Triple = [0.5, 0.5, 0.5];
const BILINEAR = 2;
const BICUBIC = 3;

const BLIP: ProcessorDefaults = {
  size: 384,
  default_to_square: true,
  do_center_crop: false,
  resample: BICUBIC,
  image_mean: CLIP_MEAN,
  image_std: CLIP_STD,
};

/** By the name without what a release of transformers puts behind it. A fine-tune may have another model's. */
const DEFAULTS: ReadonlyMap<string, ProcessorDefaults> = new Map([
  ['Blip', BLIP],
  ['CLIP', { ...BLIP, size: { shortest_edge: 224 }, default_to_square: false, do_center_crop: true, crop_size: 224 }],
  ['ViT', { ...BLIP, size: 224, resample: BILINEAR, image_mean: HALF, image_std: HALF }],
  ['DeiT', { ...BLIP, size: 256, do_center_crop: true, crop_size: 224, image_mean: HALF, image_std: HALF }],
  [
    'Siglip',
    { ...BLIP, size: { height: 224, width: 224 }, default_to_square: false, image_mean: HALF, image_std: HALF },
  ],
]);

/** For messages. */
export const PROCESSOR_TYPES = [...DEFAULTS.keys()].map((name) => `${name}ImageProcessor`);

/**
 * @param type `image_processor_type` or `feature_extractor_type`, BLIP's where a file has neither
 * @returns undefined for a processor that is not known
 * @example
 * processorDefaults('ViTImageProcessorFast')?.resample // 2, bilinear
 */
export function processorDefaults(type: unknown = 'BlipImageProcessor'): ProcessorDefaults | undefined {
  const [, name] =
    typeof type === 'string' ? (/^(\w+?)(?:ImageProcessor|FeatureExtractor)(?:Fast|Pil)?$/.exec(type) ?? []) : [];
  return name === undefined ? undefined : DEFAULTS.get(name);
}
