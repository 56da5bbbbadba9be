// The login token, from where huggingface_hub takes it: the environment, else the file that `hf auth login` writes.
import * as os from 'node:os';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeOddFile } from '../core/is-plain-file';
import { expandPath, hubHome, isTrue } from './hub-environment';
import { HubError } from './hub-errors';

export interface LoginToken {
  readonly value: string;
  /** For messages: the variable or the file. */
  readonly source: string;
}

/**
 * Order: HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the file HF_TOKEN_PATH, the file `token` in HF_HOME (~/.cache/huggingface).
 * None when HF_HUB_DISABLE_IMPLICIT_TOKEN is set.
 *
 * @throws {HubError} when the file cannot be read, or what it holds is no token
 */
export function readLoginToken(): LoginToken | undefined {
  if (isTrue(process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = process.env;
  return clean(HF_TOKEN || HUGGING_FACE_HUB_TOKEN, HF_TOKEN ? 'HF_TOKEN' : 'HUGGING_FACE_HUB_TOKEN') ?? readTokenFile();
}

function readTokenFile(): LoginToken | undefined {
  const file = expandPath(process.env.HF_TOKEN_PATH || path.join(hubHome(), 'token'));
  try {
    if (file === os.devNull) return undefined; // a common way to say: none
    const odd = describeOddFile(file);
    if (odd !== undefined) throw new Error(`it is ${odd}; expected a file`);
    return clean(fs.readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof HubError) throw error;
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw new HubError(
      `${file}: the login token cannot be read: ${error instanceof Error ? error.message : String(error)}. ` +
        'Run "hf auth login" again, or set HF_TOKEN.',
    );
  }
}

/** Line ends and outer spaces are no part of it; nothing but them is no token. */
function clean(text: string | undefined, source: string): LoginToken | undefined {
  const value = text?.replace(/[\r\n]/g, '').trim();
  if (!value) return undefined;
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new HubError(
      `${source}: is not a login token: its ${value.length} characters are not all printable ASCII. ` +
        'Expected a token such as hf_…, from https://huggingface.co/settings/tokens.',
    );
  return { value, source };
}
