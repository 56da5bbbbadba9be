// A model's file must be there before OpenVINO is asked for it: its own words for a missing file differ from release to release.
import * as fs from 'node:fs';
import { OpenVINOError } from './errors';

/** @throws {OpenVINOError} */
export function assertFile(file: string): void {
  if (!fs.existsSync(file))
    throw new OpenVINOError(
      `${file}: no such file. Expected an OpenVINO IR: an .xml with its .bin beside it.`,
      'ov_core_read_model',
    );
}
