// What others published of Salesforce's checkpoints: token ids, scores, sizes and times to compare our own with.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { splitRevision } from '../hub';
import { modelName } from '../model-folder/model-name';
import type { PartName } from '../optimize/quantize-options';

/** One input and its published output. The image is {@link PUBLISHED_PICTURE}, unless another is given. */
export interface PublishedCase {
  readonly task: 'caption' | 'answer' | 'match';
  /** The prompt, which may be missing; the question; the text to compare. */
  readonly text?: string;
  /** 20 by default. */
  readonly max_new_tokens?: number;
  /** Greedy search. Where two sources disagree, both: either is right. */
  readonly ids?: readonly (readonly number[])[];
  /** The probability that the text describes the image, within `tolerance`. */
  readonly score?: number;
  readonly tolerance?: number;
}

export interface PublishedResults {
  readonly cases: readonly PublishedCase[];
  /** Bytes of the tutorial's .bin files. */
  readonly sizes?: Readonly<Partial<Record<PartName, { readonly fp16: number; readonly int8: number }>>>;
  /** Milliseconds of the tutorial's OpenVINO model on another machine, least and most of its published runs. */
  readonly times?: { readonly answer: readonly [least: number, most: number] };
}

/** The image of the tutorial, of the model cards and of transformers' tests: a woman and her dog on a beach. */
export const PUBLISHED_PICTURE = 'https://storage.googleapis.com/sfr-vision-language-research/BLIP/demo.jpg';

const QUESTION: PublishedCase = { task: 'answer', text: 'how many dogs are in the picture?' };
const CAPTION: PublishedCase = { task: 'caption' };
const PROMPTED: PublishedCase = { task: 'caption', text: 'a picture of' };
const MATCH: PublishedCase = { task: 'match', text: 'A woman and her dog sitting in a beach' };
/** KB of the tutorial are 1024 bytes. */
const kb = (fp16: number, int8: number): { fp16: number; int8: number } => ({
  fp16: Math.round(fp16 * 1024),
  int8: Math.round(int8 * 1024),
});

/**
 * By hub id. Ids and scores: transformers' tests/models/blip/test_modeling_blip.py. The prompted caption is another one
 * in its convert_blip_original_pytorch_to_hf.py, which resizes the image with torchvision. Sizes and times: OpenVINO's
 * tutorial 233.
 */
export const PUBLISHED_RESULTS: Readonly<Record<string, PublishedResults>> = {
  'Salesforce/blip-vqa-base': {
    cases: [{ ...QUESTION, ids: [[30522, 1015, 102]] }],
    sizes: {
      vision_model: kb(168_145.68, 84_915.75),
      text_encoder: kb(268_087.17, 134_677.23),
      text_decoder: kb(269_303.42, 135_450.65),
    },
    times: { answer: [119, 162] },
  },
  'Salesforce/blip-vqa-capfilt-large': { cases: [QUESTION] },
  'Salesforce/blip-image-captioning-base': {
    cases: [
      { ...CAPTION, ids: [[30522, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102]] },
      {
        ...PROMPTED,
        ids: [
          [30522, 1037, 3861, 1997, 1037, 2450, 1998, 2014, 3899, 2006, 1996, 3509, 102],
          [30522, 1037, 3861, 1997, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102],
        ],
      },
    ],
  },
  'Salesforce/blip-image-captioning-large': { cases: [CAPTION, PROMPTED] },
  'Salesforce/blip-itm-base-coco': { cases: [{ ...MATCH, score: 0.9971, tolerance: 2e-3 }] },
  'Salesforce/blip-itm-large-coco': { cases: [MATCH] },
  'Salesforce/blip-itm-base-flickr': { cases: [MATCH] },
  'Salesforce/blip-itm-large-flickr': { cases: [MATCH] },
};

/** For a checkpoint that is none of these: its output is shown, and there is nothing to compare it with. */
export const USUAL_CASES = {
  'visual-question-answering': [QUESTION],
  'image-to-text': [CAPTION, PROMPTED],
  'image-text-retrieval': [MATCH],
  'feature-extraction': [],
} as const;

/**
 * The published checkpoint that a hub id, a folder of that name, or a folder in the hub's cache refers to.
 *
 * @example
 * publishedId('downloads/blip-vqa-base') // 'Salesforce/blip-vqa-base'
 */
export function publishedId(idOrFolder: string): string | undefined {
  checkArguments('publishedId', { idOrFolder: [idOrFolder, 'path'] });
  const known = Object.keys(PUBLISHED_RESULTS);
  if (!fs.existsSync(idOrFolder)) return known.find((id) => id === splitRevision(idOrFolder).id);
  const folders = path.resolve(idOrFolder).split(path.sep);
  return known.find(
    (id) => modelName(idOrFolder) === id.split('/')[1] || folders.includes(`models--${id.replace('/', '--')}`),
  );
}
