// All fuzz targets by name.
import { imagesTarget, parquetTarget } from './files-targets';
import { hubTarget } from './hub-target';
import { ownFilesTarget } from './own-files-target';
import { selfCheckTarget } from './self-check-target';
import { sideFilesTarget } from './side-files-target';
import type { FuzzTarget } from './target';
import { pytorchTarget, safetensorsTarget } from './weights-targets';

export const TARGETS: ReadonlyMap<string, FuzzTarget> = new Map(
  [safetensorsTarget, pytorchTarget, sideFilesTarget, imagesTarget, parquetTarget, hubTarget, ownFilesTarget].map(
    (target) => [target.name, target],
  ),
);

/** One of them, or the one that checks the fuzzer itself. */
export function findTarget(name: string): FuzzTarget {
  const target = name === selfCheckTarget.name ? selfCheckTarget : TARGETS.get(name);
  if (!target) throw new RangeError(`${name} is no target: expected one of ${[...TARGETS.keys()].join(', ')}`);
  return target;
}
