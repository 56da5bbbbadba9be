// Checks that a model's file exists before OpenVINO reads it: OpenVINO's own message for a missing file changes between
// releases.
import * as fs from 'node:fs';
import { asText } from './check-call';
import { OpenVINOError } from './errors';

/** @throws {OpenVINOError} */
export function assertFile(file: unknown): asserts file is string {
  const call = 'ov_core_read_model';
  if (!fs.existsSync(asText(call, "a model's file", file)))
    throw new OpenVINOError(
      `${file}: no such file. Expected an OpenVINO IR: an .xml and a .bin of the same name.`,
      call,
    );
}
