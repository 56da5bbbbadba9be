// blip-openvino convert: a checkpoint as OpenVINO models.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { EXIT_OK, UsageError, type Command } from '../command';
import { formatBytes } from '../format-bytes';
import { printable } from '../printable';
import { SOURCE_OPTIONS, sourceOptions } from '../shared-options';

export const convert: Command = {
  name: 'convert',
  summary: 'convert a checkpoint to OpenVINO models',
  usage: '[options] [model]',
  description:
    'The model is a hub id, a checkpoint folder or a file of weights; BLIP_MODEL by default. Prints the folder ' +
    'with the models. ' +
    'Without --output it is in the cache, where the other commands find it.',
  positionals: { min: 0, max: 1, what: 'a model' },
  options: {
    output: { type: 'string', short: 'o', value: 'folder', help: 'write the models there' },
    ...SOURCE_OPTIONS,
    dtype: { type: 'string', choices: ['fp16', 'fp32'], help: 'precision of the weights; fp16 by default' },
    'output-attentions': { type: 'boolean', help: 'models that put out what they attend to' },
  },
  examples: [{ command: 'convert models/blip-scenes --output output/scenes --quiet', output: 'output/scenes' }],
  async run(parsed, terminal) {
    const model = parsed.positionals[0] ?? process.env.BLIP_MODEL;
    if (!model)
      throw new UsageError('No model is named: blip-openvino convert Salesforce/blip-vqa-base, or set BLIP_MODEL.');
    const started = performance.now();
    const output = parsed.string('output');
    const source = {
      ...sourceOptions(parsed),
      progress_callback: terminal.progress('Convert'),
      signal: terminal.signal,
    };
    const dtype = parsed.string('dtype') === 'fp32' ? 'fp32' : 'fp16';
    const output_attentions = parsed.flag('output-attentions');
    let folder: string;
    if (output === undefined) {
      const { convertOnce } = await import('../../convert');
      folder = await convertOnce(model, { ...source, dtype, output_attentions });
    } else {
      const { loadCheckpoint } = await import('../../checkpoint');
      await import('../../preprocessing'); // lets a checkpoint's side files be checked before its weights are fetched
      const { convertBlip } = await import('../../convert');
      const { progress_callback, signal } = source;
      const checkpoint = await loadCheckpoint(model, source);
      try {
        ({ folder } = await convertBlip(checkpoint, output, {
          compress_to_fp16: dtype === 'fp16',
          output_attentions,
          progress_callback,
          signal,
        }));
      } finally {
        checkpoint.close();
      }
    }
    const files = Object.fromEntries(
      fs
        .readdirSync(folder)
        .filter((name) => /^blip_\w+\.bin$/.test(name))
        .map((name) => [name, fs.statSync(path.join(folder, name)).size]),
    );
    const seconds = (performance.now() - started) / 1000;
    if (parsed.flag('json')) await terminal.print(JSON.stringify({ model, folder, dtype, files, seconds }));
    else {
      if (!parsed.flag('quiet'))
        for (const [name, bytes] of Object.entries(files)) terminal.note(`${name}: ${formatBytes(bytes)}`);
      await terminal.print(printable(folder));
    }
    return EXIT_OK;
  },
};
