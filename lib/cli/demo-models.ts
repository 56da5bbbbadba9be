// The models behind the demo page: the one that is asked, one to compare it with, and one that searches the examples.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { OVBlipMatcher, OVBlipModel, PretrainedOptions } from '../generation';
import type { OptionSpecs } from './command';
import type { ParsedCommand } from './parse-command-line';
import { pretrainedOptions } from './shared-options';
import type { Terminal } from './terminal';

export const DEMO_MODEL_OPTIONS = {
  compare: {
    type: 'string',
    value: 'model',
    help: 'a second model to answer beside on request: fp16, fp32 or int8 of the same checkpoint, or any model',
  },
  'search-model': { type: 'string', value: 'model', help: 'a retrieval model that searches the example images' },
  attention: { type: 'boolean', help: 'show where the model looked; converts a checkpoint once more for it' },
} as const satisfies OptionSpecs;

export interface DemoModels {
  readonly model: OVBlipModel;
  readonly compare?: OVBlipModel;
  readonly matcher?: OVBlipMatcher;
  dispose(): void;
}

/** Loads what the command line names; when one fails, the others are disposed of. */
export async function loadDemoModels(name: string, parsed: ParsedCommand, terminal: Terminal): Promise<DemoModels> {
  const { OVBlipModel, OVBlipMatcher } = await import('../generation');
  const options = pretrainedOptions(parsed, terminal, 'Model');
  const [second, search] = [parsed.string('compare'), parsed.string('search-model')];
  const loaded: { dispose: () => void }[] = [];
  const keep = <T extends { dispose: () => void }>(each: T): T => {
    loaded.push(each);
    return each;
  };
  const dispose = (): void => {
    for (const each of loaded) each.dispose();
  };
  try {
    const output_attentions = parsed.flag('attention') && (await canLook(name, terminal));
    const model = keep(
      await OVBlipModel.fromPretrained(name, { ...options, ...(output_attentions && { output_attentions }) }),
    );
    const compare = second === undefined ? undefined : keep(await loadSecond(second));
    const matcher =
      search === undefined ? undefined : keep(await OVBlipMatcher.fromPretrained(search, withoutDtype(options)));
    return { model, ...(compare && { compare }), ...(matcher && { matcher }), dispose };
  } catch (error) {
    dispose();
    throw error;
  }

  function loadSecond(given: string): Promise<OVBlipModel> {
    const isDtype = given === 'fp16' || given === 'fp32' || given === 'int8';
    return isDtype
      ? OVBlipModel.fromPretrained(name, { ...options, dtype: given })
      : OVBlipModel.fromPretrained(given, withoutDtype(options));
  }
}

/** What the first model's precision and revision are is no matter of another checkpoint. */
function withoutDtype({ dtype: _, revision: __, ...options }: PretrainedOptions): PretrainedOptions {
  return options;
}

/** A folder that was converted without attention has none, and nothing to convert again. */
async function canLook(name: string, terminal: Terminal): Promise<boolean> {
  if (!fs.existsSync(path.join(name, 'blip_vision_model.xml'))) return true;
  const { hasAttentions } = await import('../model-folder/has-attentions');
  if (hasAttentions(name)) return true;
  terminal.note(`${name} was converted without attention: the page does not show where it looks.`);
  return false;
}
