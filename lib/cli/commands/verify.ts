// blip-openvino verify: proves that a checkpoint runs here as published.
import type { VerifyOptions, VerifyRow } from '../../evaluation';
import { EXIT_FAILURE, EXIT_OK, UsageError, type Command } from '../command';
import { printable } from '../printable';
import type { ParsedCommand } from '../parse-command-line';
import { SOURCE_OPTIONS, sourceOptions } from '../shared-options';
import type { Terminal } from '../terminal';

export const verify: Command = {
  name: 'verify',
  summary: 'check a checkpoint against published results, or a model folder against its manifest',
  usage: '[options] <model>...',
  description:
    'A model is a hub id, a checkpoint folder or a file of weights. Checks its files, its tensors and its ' +
    'conversion, and compares ' +
    'what it writes with what is published of it, in FP16 weights computed in f32; shows sizes and times beside ' +
    'the published ' +
    'ones. A folder that is named after a published checkpoint (blip-vqa-base) is compared with that.\n' +
    'Of a folder of converted models every file is read and compared with its manifest; nothing else is checked.\n' +
    'INT8 is checked where its model is in the cache, or NNCF is installed to make it (some minutes, with ' +
    'samples of the data ' +
    'set). The exit status is 1 when a check failed, or, without --offline, could not be made.',
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'a model' },
  options: {
    all: { type: 'boolean', help: "Salesforce's eight published checkpoints" },
    picture: {
      type: 'string',
      value: 'image',
      help: "path or address of the tutorial's demo.jpg; BLIP_PICTURE by default, else it is fetched once",
    },
    expected: { type: 'string', value: 'file', help: 'compare with the results in this JSON file instead' },
    offline: { type: 'boolean', help: 'ask nothing of the network; what cannot be checked is no failure' },
    int8: { type: 'boolean', help: 'check INT8; a failure if it cannot be made' },
    'no-int8': { type: 'boolean', help: 'leave INT8 out' },
    dataset: {
      type: 'string',
      value: 'source',
      help: 'samples to calibrate INT8 with; BLIP_DATASET or lmms-lab/VQAv2',
    },
    'subset-size': { type: 'integer', min: 1, help: 'samples used at most; 300 by default' },
    runs: { type: 'integer', min: 0, help: 'timed runs of each input; 5 by default, 0 for none' },
    device: { type: 'string', short: 'd', value: 'name', help: 'OpenVINO device; BLIP_DEVICE or CPU by default' },
    ...SOURCE_OPTIONS,
  },
  examples: [
    {
      command: 'verify --no-int8 Salesforce/blip-vqa-base',
      output: [
        'pass         side files: config.json, preprocessor_config.json, …',
        '…',
        'pass         answer: "how many dogs are in the picture?" (FP16 weights, f32): "1" [30522,1015,102]; ' +
          'expected [30522,1015,102]',
        '…',
      ].join('\n'),
    },
  ],
  async run(parsed, terminal) {
    const { PUBLISHED_RESULTS } = await import('../../evaluation/published-results');
    const models = [...parsed.positionals, ...(parsed.flag('all') ? Object.keys(PUBLISHED_RESULTS) : [])];
    if (models.length === 0)
      throw new UsageError('No model is named: blip-openvino verify Salesforce/blip-vqa-base, or --all.');
    if (parsed.flag('int8') && parsed.flag('no-int8'))
      throw new UsageError('--int8 and --no-int8: expected one of them.');
    if (parsed.flag('offline')) process.env.HF_HUB_OFFLINE = '1';
    const options = await verifyOptions(parsed, terminal);
    const { verifyCheckpoint } = await import('../../evaluation');
    const rows: VerifyRow[] = [];
    for (const model of models) {
      if (models.length > 1 && !parsed.flag('json'))
        await terminal.print(`${rows.length > 0 ? '\n' : ''}${printable(model)}`);
      for await (const row of verifyCheckpoint(model, options)) {
        rows.push(row);
        await terminal.print(parsed.flag('json') ? JSON.stringify(row) : formatRow(row));
      }
    }
    const count = (wanted: VerifyRow['status']): number => rows.filter(({ status }) => status === wanted).length;
    const isComplete = !rows.some(({ incomplete }) => incomplete);
    terminal.note(
      `${count('pass')} passed, ${count('FAIL')} failed, ${count('not checked')} not checked` +
        `${isComplete ? '' : ': this is no proof, for checks could not be made'}`,
    );
    return count('FAIL') > 0 || (!isComplete && !parsed.flag('offline')) ? EXIT_FAILURE : EXIT_OK;
  },
};

async function verifyOptions(parsed: ParsedCommand, terminal: Terminal): Promise<VerifyOptions> {
  const [picture, expected, dataset] = [parsed.string('picture'), parsed.string('expected'), parsed.string('dataset')];
  const [subset_size, runs] = [parsed.number('subset-size'), parsed.number('runs')];
  const { readExpected } = await import('../../evaluation/read-expected');
  return {
    ...sourceOptions(parsed),
    device: parsed.string('device') ?? (process.env.BLIP_DEVICE || 'CPU'),
    int8: parsed.flag('int8') ? true : parsed.flag('no-int8') ? false : 'auto',
    quantize: { ...(dataset !== undefined && { dataset }), ...(subset_size !== undefined && { subset_size }) },
    ...(picture !== undefined && { picture }),
    ...(expected !== undefined && { expected: readExpected(expected) }),
    ...(runs !== undefined && { runs }),
    progress_callback: terminal.progress('Verify'),
    signal: terminal.signal,
  };
}

/**
 * @example formatRow(row) // 'FAIL         answer: "how many?" (INT8, bf16): "2" [30522,1016,102]; expected
 * [30522,1015,102]'
 */
function formatRow({ status, check, got, expected, note }: VerifyRow): string {
  const reference = status === 'info' ? expected : expected && `expected ${expected}`;
  const parts = [got, reference, note].filter((part) => part !== undefined && part !== '');
  const line = `${status.padEnd('not checked'.length)}  ${check}${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`;
  return printable(line.replaceAll('\n', ' '));
}
