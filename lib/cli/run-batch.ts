// Runs a batch for a command: inputs from its arguments, a line about the result, the exit status.
import type { BatchInput, BatchSummary } from '../batch';
import { EXIT_FAILURE, EXIT_OK } from './command';
import { listOfNames, STDIN, type ImageArguments } from './find-images';
import type { ParsedCommand } from './parse-command-line';
import type { Terminal } from './terminal';

/** `-` and --files-from are lists of names. */
export function batchInputs({ args, filesFrom }: ImageArguments, { stdin }: Terminal): BatchInput[] {
  const inputs = args.map((arg): BatchInput => (arg === STDIN ? stdin : arg));
  if (filesFrom !== undefined) inputs.push(listOfNames(filesFrom, stdin));
  return inputs;
}

/** @returns the exit status */
export async function reportBatch(
  parsed: ParsedCommand,
  terminal: Terminal,
  run: () => Promise<BatchSummary>,
): Promise<number> {
  let summary: BatchSummary;
  try {
    summary = await run();
  } catch (error) {
    if (terminal.signal.aborted)
      terminal.note('blip-openvino: interrupted. What is done is kept: run the same command again to go on.');
    throw error;
  }
  if (parsed.flag('json')) await terminal.print(JSON.stringify(summary));
  else terminal.note(describe(summary));
  return summary.failures.length > 0 ? EXIT_FAILURE : EXIT_OK;
}

function describe(summary: BatchSummary): string {
  const { output, done, skipped, kept, failures, seconds, images_per_second, streams, batch_size } = summary;
  const parts = [`${counted(done, 'image')} done`];
  if (done > 0)
    parts[0] +=
      ` in ${seconds.toFixed(1)} s (${images_per_second.toPrecision(3)} images/s; ` +
      `${counted(streams, 'stream')}, ${counted(batch_size, 'image')} in a batch)`;
  if (skipped > 0) parts.push(`${skipped} done before`);
  if (kept > 0) parts.push(`${kept} with a caption file of somebody else left as they are (--overwrite, --append)`);
  if (failures.length > 0) parts.push(`${failures.length} skipped`);
  return `${output}: ${parts.join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
