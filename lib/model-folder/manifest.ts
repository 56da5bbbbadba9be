// The manifest of a model folder: which files it consists of, with their sizes and digests, and what they were made of.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';
import { isRecord } from '../core/is-record';
import { readJSON } from '../core/read-json';

/** A model folder is not what its manifest says: a file is missing, cut, changed, or of another model. */
export class ModelFolderError extends BlipError {}

export const MANIFEST_FILE = 'blip_manifest.json';
const FORMAT = 1;
/** A folder has three graphs, their weights, and ten side files. */
const MAX_FILES = 100;
const FILE_NAME = /^[\w][\w.-]{0,99}$/;
const SHA256 = /^[0-9a-f]{64}$/;

export interface ManifestFile {
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** What a folder was made of, and how. */
export interface ModelOrigin {
  readonly made_by: 'convertBlip' | 'quantizeBlip';
  /** `id`: a hub id, or the name of a local folder. `commit`: of a checkpoint on the hub. */
  readonly checkpoint: { readonly id: string; readonly commit?: string };
  /** By package: `blip-openvino`, and what else wrote files (`openvino`, `nncf`). */
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ModelManifest extends ModelOrigin {
  readonly files: Readonly<Record<string, ManifestFile>>;
}

/** The text of a manifest; the same for the same model, to the byte. */
export function formatManifest({ made_by, checkpoint, versions, options, files }: ModelManifest): string {
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, made_by, checkpoint, versions, options, files: sorted }, null, 2)}\n`;
}

/**
 * @returns undefined where there is none: in a folder that an older version wrote, or that was put together by hand
 * @throws {ModelFolderError} when it cannot be understood
 */
export function readManifest(folder: string): ModelManifest | undefined {
  const file = path.join(folder, MANIFEST_FILE);
  if (!fs.existsSync(file)) return undefined;
  const advice = 'Convert or quantize into this folder again.';
  const fail = (what: string, got: unknown, expected: string): never => {
    throw new ModelFolderError(`${file}: ${what} is ${describeValue(got)}; expected ${expected}. ${advice}`);
  };
  const json = readJSON(file, { error: ModelFolderError, advice });
  if (!isRecord(json)) return fail('the file', json, 'an object');
  const { format, made_by, checkpoint, versions, options, files } = json;
  if (format !== FORMAT) fail('format', format, `${FORMAT}: it is of another version of this library`);
  if (made_by !== 'convertBlip' && made_by !== 'quantizeBlip')
    return fail('made_by', made_by, 'convertBlip or quantizeBlip');
  if (!isRecord(checkpoint) || typeof checkpoint.id !== 'string')
    return fail('checkpoint', checkpoint, 'an object with an id');
  const { id, commit } = checkpoint;
  if (!isRecord(files) || Object.keys(files).length > MAX_FILES)
    return fail('files', files, `an object with at most ${MAX_FILES} files`);
  const parsed = Object.entries(files).map(([name, entry]): [string, ManifestFile] => {
    if (!FILE_NAME.test(name)) fail('a name in files', name, 'the name of a file');
    if (!isRecord(entry)) return fail(`files["${name}"]`, entry, 'an object');
    const { size, sha256 } = entry;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      return fail(`files["${name}"].size`, size, 'a number of bytes');
    if (typeof sha256 !== 'string' || !SHA256.test(sha256))
      return fail(`files["${name}"].sha256`, sha256, '64 hexadecimal digits');
    return [name, { size, sha256 }];
  });
  return {
    made_by,
    checkpoint: { id, ...(typeof commit === 'string' && { commit }) },
    versions: isRecord(versions)
      ? Object.fromEntries(
          Object.entries(versions).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
        )
      : {},
    options: isRecord(options) ? options : {},
    files: Object.fromEntries(parsed),
  };
}

/** The call, and the command, that make a folder anew. */
export function remakeAdvice(folder: string, { made_by, checkpoint }: ModelOrigin): string {
  const [id, target] = [checkpoint.id, folder].map((name) => JSON.stringify(name));
  const [call, command] =
    made_by === 'convertBlip'
      ? [`convertBlip(await loadCheckpoint(${id}), ${target})`, `convert ${id} --output ${target}`]
      : [
          `quantizeBlip(folder, samples, ${target}), with the folder that ${id} was converted to`,
          `quantize ${id} --output ${target}`,
        ];
  return (
    `Make it anew: ${call}; or blip-openvino ${command}. Or remove ${MANIFEST_FILE} to use the folder as it ` +
    `is, unchecked.`
  );
}
