// What transformers.js makes of a text: the reference that a notebook shows beside this library's own token ids.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { findPackage } from '../core/find-package';

const PACKAGE = '@xenova/transformers';
/** transformers.js reads this file alone; a vocab.txt is not enough for it. */
const TOKENIZER_FILE = 'tokenizer.json';

/** The part of transformers.js that is used here. */
interface TransformersJS {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  readonly AutoTokenizer: {
    from_pretrained(name: string): Promise<{ encode(text: string): number[] }>;
  };
}

/**
 * Token ids of transformers.js' `AutoTokenizer`, with the special tokens around the text.
 *
 * @param folder a checkpoint folder; nothing is downloaded
 * @returns undefined where transformers.js is not installed, or the folder has no tokenizer.json
 * @example
 * await referenceTokenIds('models/blip-scenes', 'how many dogs?') // [ 2, 679, 821, 421, 5, 3 ]
 */
export async function referenceTokenIds(folder: string, text: string): Promise<number[] | undefined> {
  checkArguments('referenceTokenIds', { folder: [folder, 'path'], text: [text, 'text'] });
  const place = findPackage(PACKAGE);
  if (place === undefined || !fs.existsSync(path.join(folder, TOKENIZER_FILE))) return undefined;
  const { env, AutoTokenizer }: TransformersJS = createRequire(path.join(place, 'package.json'))(PACKAGE);
  env.allowRemoteModels = false;
  env.localModelPath = path.dirname(path.resolve(folder));
  const tokenizer = await AutoTokenizer.from_pretrained(path.basename(path.resolve(folder)));
  return tokenizer.encode(text);
}
