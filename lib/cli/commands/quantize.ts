// blip-openvino quantize: the INT8 version of a model, through NNCF.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { EXIT_OK, UsageError, type Command } from '../command';
import { formatBytes } from '../format-bytes';
import { printable } from '../printable';
import { SOURCE_OPTIONS, sourceOptions } from '../shared-options';

const USUAL_DATASET = 'lmms-lab/VQAv2';

export const quantize: Command = {
  name: 'quantize',
  summary: 'make the INT8 version of a model',
  usage: '[options] [model]',
  description:
    'The model is a hub id, a checkpoint folder, a file of weights or a folder of converted models; BLIP_MODEL ' +
    'by default. ' +
    'Needs the Python package nncf (python3 -m venv .venv && .venv/bin/python -m pip install nncf openvino). ' +
    'Prints the folder ' +
    'with the models. Without --output it is in the cache, where --dtype int8 of the other commands finds it.',
  positionals: { min: 0, max: 1, what: 'a model' },
  options: {
    dataset: {
      type: 'string',
      value: 'source',
      help:
        `samples to calibrate with: a folder in VQAv2's form, parquet files, or a data set on the hub; ` +
        `BLIP_DATASET or ${USUAL_DATASET} by default`,
    },
    'subset-size': { type: 'integer', min: 1, help: 'samples used at most; 300 by default' },
    seed: { type: 'integer', min: 0, help: 'of the order of the samples; 42 by default' },
    output: { type: 'string', short: 'o', value: 'folder', help: 'write the models there' },
    preset: { type: 'string', choices: ['performance', 'mixed'], help: "NNCF's preset; mixed by default" },
    'smooth-quant-alpha': { type: 'number', min: -1, help: '0 to 1, or -1 without SmoothQuant; 0.95 by default' },
    'decoder-weights': {
      type: 'string',
      choices: ['INT8_ASYM', 'INT8_SYM', 'INT4_ASYM', 'INT4_SYM'],
      help: "precision of the decoder's weights; INT8_ASYM by default",
    },
    ...SOURCE_OPTIONS,
  },
  examples: [
    {
      command: 'quantize models/blip-scenes --dataset data/vqa-scenes --output output/scenes-int8 --quiet',
      output: 'output/scenes-int8',
    },
  ],
  async run(parsed, terminal) {
    const model = parsed.positionals[0] ?? process.env.BLIP_MODEL;
    if (!model)
      throw new UsageError('No model is named: blip-openvino quantize Salesforce/blip-vqa-base, or set BLIP_MODEL.');
    const isConverted = fs.existsSync(path.join(model, 'blip_vision_model.xml'));
    const output = parsed.string('output');
    if (output === undefined && isConverted)
      throw new UsageError(`${model} is a folder of converted models: --output must name the folder for the result.`);
    const alpha = parsed.number('smooth-quant-alpha');
    if (alpha !== undefined && alpha !== -1 && (alpha < 0 || alpha > 1))
      throw new UsageError(`--smooth-quant-alpha is ${alpha}; expected a number from 0 to 1, or -1.`);
    const { signal } = terminal;
    const source = { ...sourceOptions(parsed), signal, progress_callback: terminal.progress('Model') };
    const { convertOnce, modelCacheFolder } = await import('../../convert');
    const { loadVqaSamples } = await import('../../datasets');
    const { quantizeBlip } = await import('../../optimize');
    const folder = await convertOnce(model, source);
    const target = output ?? (await modelCacheFolder(model, { ...source, dtype: 'int8' }));
    const subset_size = parsed.number('subset-size');
    const seed = parsed.number('seed');
    const dataset = parsed.string('dataset') ?? (process.env.BLIP_DATASET || USUAL_DATASET);
    const { samples, skipped } = await loadVqaSamples(dataset, {
      split: 'train',
      ...(subset_size !== undefined && { count: subset_size }),
      ...(seed !== undefined && { seed }),
      progress_callback: terminal.progress('Samples'),
      signal,
    });
    if (skipped.total > 0) terminal.note(`${skipped.total} samples were skipped: ${skipped.examples.join('; ')}`);
    const preset = parsed.string('preset');
    const weights = parsed.string('decoder-weights');
    const made = await quantizeBlip(folder, samples, target, {
      ...(subset_size !== undefined && { subset_size }),
      ...((preset === 'performance' || preset === 'mixed') && { preset }),
      ...(alpha !== undefined && { smooth_quant_alpha: alpha }),
      ...(isWeightMode(weights) && { decoder_weights: weights }),
      progress_callback: terminal.progress('NNCF'),
      signal,
    });
    const parts = Object.fromEntries(
      Object.entries(made.parts).map(([name, { before, after, ratio }]) => [
        name,
        { before: before.binBytes, after: after.binBytes, ratio },
      ]),
    );
    if (parsed.flag('json')) {
      const { calibration, milliseconds } = made;
      await terminal.print(
        JSON.stringify({ model, folder: made.folder, dataset, parts, calibration, seconds: milliseconds / 1000 }),
      );
      return EXIT_OK;
    }
    if (!parsed.flag('quiet'))
      for (const [name, { before, after, ratio }] of Object.entries(parts))
        terminal.note(`${name}: ${formatBytes(before)} -> ${formatBytes(after)} (${ratio.toFixed(2)}x smaller)`);
    await terminal.print(printable(made.folder));
    return EXIT_OK;
  },
};

function isWeightMode(value: string | undefined): value is 'INT8_ASYM' | 'INT8_SYM' | 'INT4_ASYM' | 'INT4_SYM' {
  return value === 'INT8_ASYM' || value === 'INT8_SYM' || value === 'INT4_ASYM' || value === 'INT4_SYM';
}
