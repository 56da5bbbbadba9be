// What a run of the notebooks works with: the environment's wishes, and defaults that follow the model.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { PUBLISHED_PICTURE } from '../evaluation/published-results';
import { isHubId, isRevision, splitRevision } from '../hub';

/** A variable of the environment contradicts another one, or cannot be used. */
export class RunSettingsError extends BlipError {}

export interface RunSettings {
  /** A checkpoint's folder, or its id on the hub, with its revision behind an @. */
  readonly model: string;
  /** Whether it is one of the small models of this project, which know drawn scenes only. */
  readonly isBundled: boolean;
  readonly device: string;
  /** A path or an address. */
  readonly picture: string;
  /** For calibration and validation: a folder, a file, or an id on the hub. */
  readonly dataset: string;
  /** Folder of models, results and executed notebooks. */
  readonly output: string;
}

/** The small models of this project, for questions and for retrieval, their picture and their data set. */
export const BUNDLED = {
  model: 'models/blip-scenes',
  retrieval: 'models/blip-scenes-itm',
  picture: 'data/pictures/demo.jpg',
  dataset: 'data/vqa-scenes',
} as const;

/** What a checkpoint that was trained on photos is shown: the original tutorial's picture, and VQAv2 in parquet. */
const PHOTOS = {
  picture: PUBLISHED_PICTURE,
  dataset: 'lmms-lab/VQAv2',
} as const;

/** The revision that an id without one stands for: it is left out, as `checkpoint.id` does. */
const MAIN = 'main';
const OUTPUT = 'output';
const DEVICE = 'CPU';

/**
 * Reads `BLIP_MODEL`, `BLIP_REVISION`, `BLIP_DEVICE`, `BLIP_PICTURE`, `BLIP_DATASET` and `BLIP_OUTPUT`. An empty
 * variable counts as not set.
 *
 * @example
 * runSettings({}).picture // 'data/pictures/demo.jpg'
 * runSettings({ BLIP_MODEL: 'Salesforce/blip-vqa-base' }).dataset // 'lmms-lab/VQAv2'
 * @throws {RunSettingsError} when a revision is asked for of something that has none
 */
export function runSettings(env: NodeJS.ProcessEnv = process.env): RunSettings {
  checkArguments('runSettings', { env: [env, 'object'] });
  const model = chooseModel(env.BLIP_MODEL || BUNDLED.model, env.BLIP_REVISION);
  const isBundled = [BUNDLED.model, BUNDLED.retrieval].some((own) => path.resolve(model) === path.resolve(own));
  const { picture, dataset } = isBundled ? BUNDLED : PHOTOS;
  return {
    model,
    isBundled,
    device: env.BLIP_DEVICE || DEVICE,
    picture: env.BLIP_PICTURE || picture,
    dataset: env.BLIP_DATASET || dataset,
    output: env.BLIP_OUTPUT || OUTPUT,
  };
}

/** One line per setting for a table: what it is, and the variable that changes it. */
export function settingsRows(settings: RunSettings): { setting: string; value: string; variable: string }[] {
  checkArguments('settingsRows', { settings: [settings, 'object'] });
  const names = ['model', 'device', 'picture', 'dataset', 'output'] as const;
  return names.map((name) => ({ setting: name, value: settings[name], variable: `BLIP_${name.toUpperCase()}` }));
}

function chooseModel(model: string, revision: string | undefined): string {
  const { id, revision: own } = splitRevision(model);
  if (!revision) return own === MAIN && !fs.existsSync(model) ? id : model;
  if (fs.existsSync(model) || !isHubId(id))
    throw new RunSettingsError(
      `BLIP_REVISION is "${revision}", but ${model} is a folder: only a checkpoint on the hub has revisions. ` +
        'Unset it, or set BLIP_MODEL to a hub id.',
    );
  if (own !== undefined && own !== revision)
    throw new RunSettingsError(
      `BLIP_REVISION is "${revision}", but BLIP_MODEL names the revision "${own}" (${model}). Name one of them.`,
    );
  if (!isRevision(revision))
    throw new RunSettingsError(
      `BLIP_REVISION is "${revision}"; expected a branch, a tag, a commit or a pull request (refs/pr/7).`,
    );
  return revision === MAIN ? id : `${id}@${revision}`;
}
