// What a conversion wrote, as table rows: files, parameters, sizes and times.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import type { ConvertedBlip } from '../convert';
import { decimals, kilobytes, wholeNumber } from './format-number';

/** One converted model. */
export interface ConversionRow {
  readonly part: string;
  readonly file: string;
  /** Of the checkpoint. */
  readonly parameters: string;
  /** Of these, the ones that the model does without: they change no output. */
  readonly 'left out': string;
  readonly 'bin KB': string;
  readonly 'xml KB': string;
  readonly 'time ms': string;
}

/**
 * @example
 * conversionRows(converted)[0].parameters // '2,385,024'
 */
export function conversionRows(converted: Pick<ConvertedBlip, 'models'>): ConversionRow[] {
  checkArguments('conversionRows', { converted: [converted, ['models']] });
  checkArguments('conversionRows', { 'converted.models': [converted.models, 'object'] });
  return Object.entries(converted.models).map(([part, model]) => {
    const { xml, parameters, left_out, binBytes, xmlBytes, milliseconds } = model;
    checkArguments('conversionRows', { [`converted.models.${part}.xml`]: [xml, 'path'] });
    return {
      part,
      file: `${path.basename(xml)} + .bin`,
      parameters: wholeNumber(parameters + left_out),
      'left out': wholeNumber(left_out),
      'bin KB': kilobytes(binBytes),
      'xml KB': kilobytes(xmlBytes),
      'time ms': decimals(milliseconds, 1),
    };
  });
}
