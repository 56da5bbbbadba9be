// Sizes of two model folders, part by part.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { PARTS, type PartName } from '../optimize/quantize-options';

/** Two folders, or options of their comparison, do not fit together. */
export class CompareError extends BlipError {}

export interface PartSize {
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
}

/** Bytes of the .bin files. */
export type ComparedSizes = Readonly<Partial<Record<PartName | 'total', PartSize>>>;

/** Bytes of each part's weights in both folders. @throws {CompareError} when they do not contain the same parts */
export function compareSizes(before: string, after: string): ComparedSizes {
  checkArguments('compareSizes', { before: [before, 'path'], after: [after, 'path'] });
  const sizes: Partial<Record<PartName | 'total', PartSize>> = {};
  const total = { before: 0, after: 0 };
  for (const part of PARTS) {
    const [a, b] = [before, after].map((folder) => path.join(folder, `blip_${part}.bin`));
    if (!fs.existsSync(a) && !fs.existsSync(b)) continue;
    for (const [file, other] of [
      [a, b],
      [b, a],
    ])
      if (!fs.existsSync(file))
        throw new CompareError(
          `${file} is missing, but ${other} exists. Expected two folders with the same parts: convert or ` +
            'quantize again.',
        );
    const size = { before: fs.statSync(a).size, after: fs.statSync(b).size };
    sizes[part] = { ...size, ratio: size.before / size.after };
    total.before += size.before;
    total.after += size.after;
  }
  if (total.before === 0)
    throw new CompareError(
      `${before} and ${after} contain no model. Expected folders that convertBlip and quantizeBlip wrote.`,
    );
  return { ...sizes, total: { ...total, ratio: total.before / total.after } };
}
