// All fuzz targets by name.
import { imagesTarget, parquetTarget } from './files-targets';
import { hubTarget } from './hub-target';
import { sideFilesTarget } from './side-files-target';
import type { FuzzTarget } from './target';
import { pytorchTarget, safetensorsTarget } from './weights-targets';

export const TARGETS: ReadonlyMap<string, FuzzTarget> = new Map(
  [safetensorsTarget, pytorchTarget, sideFilesTarget, imagesTarget, parquetTarget, hubTarget].map((target) => [
    target.name,
    target,
  ]),
);
