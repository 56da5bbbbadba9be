// What the commands index and search have in common.
import type { PretrainedOptions } from '../generation';
import type { RetrievalModel } from '../search';
import type { OptionSpecs } from './command';

export const RETRIEVAL_MODEL = 'Salesforce/blip-itm-base-coco';

export const INDEX_OPTIONS = {
  'index-file': { type: 'string', value: 'file', help: 'the index; .blip-index in the folder by default' },
} as const satisfies OptionSpecs;

/** Loads the search room when it is needed, so that help is quick. */
export async function loadRetrieval(idOrFolder: string, options: PretrainedOptions): Promise<RetrievalModel> {
  const search = await import('../search');
  return search.RetrievalModel.fromPretrained(idOrFolder, options);
}
