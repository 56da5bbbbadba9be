// Why a folder, or a checkpoint, cannot write text.
import * as path from 'node:path';

/** Why a folder's files do not suffice to write text, or undefined if they do. */
export function findProblem(folder: string, has: (name: string) => boolean): string | undefined {
  const required = ['config.json', 'blip_vision_model.xml', 'blip_text_decoder.xml'];
  const missing = required.find((name) => !has(name));
  if (missing === undefined) return undefined;
  const isRetrieval = has('blip_text_encoder.xml') || has('blip_text_features.xml');
  if (missing === 'blip_text_decoder.xml' && isRetrieval) return noTextDecoder(folder);
  return (
    `${path.join(folder, missing)} is missing. Expected a folder that convertBlip wrote. A checkpoint, or a hub id, ` +
    'goes to OVBlipModel.fromPretrained.'
  );
}

export function noTextDecoder(idOrFolder: string): string {
  return (
    `${idOrFolder} has no text decoder: its checkpoint was made for retrieval and writes no text. ` +
    'Load it with OVBlipMatcher, or load a VQA or captioning checkpoint, such as Salesforce/blip-vqa-base.'
  );
}
