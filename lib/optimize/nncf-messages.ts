// What NNCF's worker writes, one JSON object per line, parsed into types.
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { parseJSON } from '../core/read-json';
import type { NncfProgress, NncfResult, NncfVersions } from './nncf-task';
import { NncfWorkerError } from './nncf-worker-error';

/** A message of the worker; nncf_worker.py says when each is sent. */
export type NncfMessage =
  | { readonly type: 'ready'; readonly versions: NncfVersions }
  | { readonly type: 'task'; readonly name: string }
  | { readonly type: 'progress'; readonly progress: Omit<NncfProgress, 'task'> }
  | { readonly type: 'log'; readonly level: string; readonly message: string }
  | { readonly type: 'result'; readonly result: NncfResult }
  | { readonly type: 'error'; readonly error: string; readonly message: string; readonly traceback: string }
  | { readonly type: 'done' };

/**
 * @returns undefined for a line that is no message
 * @throws {NncfWorkerError} when a field of a message is not what it should be
 * @example
 * parseNncfMessage('{"type":"task","name":"vision"}') // { type: 'task', name: 'vision' }
 */
export function parseNncfMessage(line: string): NncfMessage | undefined {
  const message = parseObject(line);
  if (message === undefined) return undefined;
  const text = (field: string): string => {
    const value = message[field];
    if (typeof value !== 'string') throw wrongField(message.type, field, value, 'a string');
    return value;
  };
  const number = (field: string): number => {
    const value = message[field];
    if (typeof value !== 'number') throw wrongField(message.type, field, value, 'a number');
    return value;
  };
  switch (message.type) {
    case 'ready':
      return { type: 'ready', versions: { nncf: text('nncf'), openvino: text('openvino') } };
    case 'task':
      return { type: 'task', name: text('name') };
    case 'progress': {
      const total = message.total === null ? undefined : number('total');
      return { type: 'progress', progress: { phase: text('phase'), done: number('done'), total } };
    }
    case 'log':
      return { type: 'log', level: text('level'), message: text('message') };
    case 'result':
      return {
        type: 'result',
        result: {
          name: text('name'),
          seconds: number('seconds'),
          samples: number('samples'),
          smooth_quant_nodes: number('smooth_quant_nodes'),
          ignored_nodes: number('ignored_nodes'),
          bias_corrected_nodes: number('bias_corrected_nodes'),
          compressed_weights: number('compressed_weights'),
        },
      };
    case 'error':
      return { type: 'error', error: text('error'), message: text('message'), traceback: text('traceback') };
    case 'done':
      return { type: 'done' };
    default:
      return undefined;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value = parseJSON(line, 'a line of the NNCF worker');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // a line that something else printed
  }
}

function wrongField(type: unknown, field: string, value: unknown, expected: string): NncfWorkerError {
  return new NncfWorkerError(
    `The NNCF worker sent a message "${type}" whose ${field} is ${describeValue(value)}, expected ${expected}.`,
  );
}
