// A checkpoint folder's added tokens and tokens with a role, from up to four files with the precedence that
// transformers gives them.
//
// Source: transformers 5, tokenization_utils_base.py (_from_pretrained), tokenization_utils_tokenizers.py (__init__).
import * as path from 'node:path';
import { TOKENIZER_SETTINGS_FILES } from '../checkpoint/checkpoint-files';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { addedToken, parseAddedToken, parseContent, type AddedToken } from './added-token';
import { isId, type ListedToken } from './parse-tokenizer-json';
import { SettingsFile } from './settings-file';

const [, SPECIAL_TOKENS_MAP, ADDED_TOKENS] = TOKENIZER_SETTINGS_FILES;

/** In the order in which transformers adds those that the vocabulary lacks. */
export const ROLES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
export type Role = (typeof ROLES)[number];

/** A token with flags, or plain text, which gets a special token's flags unless the token is listed. */
export type RoleToken = AddedToken | string;

export interface SpecialTokens {
  /** Tokens with the ids that a file has for them, by id. */
  readonly listed: readonly ListedToken[];
  /** What the files say; null where they say that there is none. */
  readonly roles: ReadonlyMap<Role, RoleToken | null>;
  /** Tokens with roles that a model has of its own, such as `image_token`. */
  readonly ownRoles: readonly RoleToken[];
  /** Tokens that are special without a role. */
  readonly extra: readonly RoleToken[];
}

/**
 * `added_tokens_decoder` in tokenizer_config.json, where it is there, is the only source. Else
 * special_tokens_map.json goes before tokenizer_config.json, and the tokens of added_tokens.json come before those
 * that tokenizer.json lists.
 *
 * @param stored what tokenizer.json lists
 * @throws {TokenizerError} that names the file and the key
 */
export function readSpecialTokens(folder: string, config: SettingsFile, stored: readonly ListedToken[]): SpecialTokens {
  const collected = new Collected();
  collected.takeConfig(config);
  if (config.has('added_tokens_decoder')) collected.takeDecoder(config);
  else {
    collected.takeMap(new SettingsFile(path.join(folder, SPECIAL_TOKENS_MAP)));
    collected.takeAddedTokens(new SettingsFile(path.join(folder, ADDED_TOKENS)));
    for (const { id, token } of stored) collected.list(id, token);
  }
  return collected.result();
}

/** What has been read so far; later files override earlier ones. */
class Collected {
  readonly #listed = new Map<number, AddedToken>();
  readonly #byContent = new Map<string, AddedToken>();
  readonly #roles = new Map<Role, RoleToken | null>();
  /** Of tokenizer_config.json and special_tokens_map.json. */
  readonly #ownRoles = { config: new Map<string, RoleToken>(), map: new Map<string, RoleToken>() };
  /** Roles that tokenizer_config.json gives flags: transformers does not recognize them in added_tokens.json. */
  readonly #flaggedInConfig = new Set<RoleToken | null>();
  #extra: RoleToken[] | undefined;
  /** The older name of the same, in special_tokens_map.json: it counts only where the newer one is in neither file. */
  #additional: RoleToken[] = [];

  takeConfig(config: SettingsFile): void {
    this.#takeRoles(config, false, this.#ownRoles.config);
    const newer = config.get('extra_special_tokens');
    const key =
      isEmpty(newer) && config.has('additional_special_tokens') ? 'additional_special_tokens' : 'extra_special_tokens';
    this.#takeExtra(config, key);
    for (const token of [...this.#roles.values(), ...(this.#extra ?? [])])
      if (typeof token === 'object' && token !== null) this.#flaggedInConfig.add(token);
  }

  takeMap(map: SettingsFile): void {
    this.#takeRoles(map, true, this.#ownRoles.map);
    this.#takeExtra(map, 'extra_special_tokens');
    const older = map.get('additional_special_tokens') ?? [];
    if (!Array.isArray(older)) map.fail('additional_special_tokens', 'a list of tokens');
    else this.#additional = older.map((item) => parseRole(map, 'additional_special_tokens', item, true));
  }

  takeDecoder(config: SettingsFile): void {
    const key = 'added_tokens_decoder';
    const value = config.get(key);
    const decoder = isRecord(value) ? value : config.fail(key, 'an object of tokens by id');
    for (const [id, value] of Object.entries(decoder))
      this.list(
        isId(Number(id)) && id.trim() !== ''
          ? Number(id)
          : config.failWith(key, `has the id ${quote(id)}; expected a number`),
        parseAddedToken(value, false, (problem) => config.failWith(key, `${id} ${problem}`)),
      );
  }

  takeAddedTokens(file: SettingsFile): void {
    const known = [...this.#roles.values(), ...(this.#extra ?? [])];
    const special = new Set(known.filter((token) => !this.#flaggedInConfig.has(token)).map(contentOf));
    for (const [content, id] of file.entries) {
      parseContent(content, (problem) => file.failWith(content.slice(0, 40), problem));
      this.list(
        isId(id) ? id : file.fail(content, 'its id, a number from 0'),
        addedToken(content, special.has(content)),
      );
    }
  }

  list(id: number, token: AddedToken): void {
    this.#listed.set(id, token);
    this.#byContent.set(token.content, token);
  }

  result(): SpecialTokens {
    const withFlags = (token: RoleToken | null): RoleToken | null =>
      this.#byContent.get(contentOf(token) ?? '') ?? token;
    return {
      listed: [...this.#listed].sort(([a], [b]) => a - b).map(([id, token]) => ({ id, token })),
      roles: new Map([...this.#roles].map(([role, token]) => [role, withFlags(token)])),
      ownRoles: [...new Map([...this.#ownRoles.map, ...this.#ownRoles.config]).values()],
      extra: this.#extra ?? this.#additional,
    };
  }

  #takeRoles(file: SettingsFile, special: boolean, ownRoles: Map<string, RoleToken>): void {
    for (const [key, value] of file.entries) {
      const role = ROLES.find((name) => name === key);
      if (role !== undefined) this.#roles.set(role, value === null ? null : parseRole(file, key, value, special));
      else if (key.endsWith('_token') && (typeof value === 'string' || isRecord(value)))
        ownRoles.set(key, parseRole(file, key, value, special));
    }
  }

  /** A list of tokens, or an object of tokens by roles that the model has of its own. */
  #takeExtra(file: SettingsFile, key: string): void {
    const value = file.get(key) ?? undefined;
    if (value === undefined) return;
    if (isRecord(value)) {
      for (const [role, token] of Object.entries(value))
        this.#ownRoles.config.set(role, parseRole(file, key, token, true));
      return;
    }
    if (!Array.isArray(value)) file.fail(key, 'a list of tokens, or an object of them by role');
    else this.#extra = [...(this.#extra ?? []), ...value.map((item) => parseRole(file, key, item, true))];
  }
}

function parseRole(file: SettingsFile, key: string, value: unknown, special: boolean): RoleToken {
  if (isRecord(value)) return parseAddedToken(value, special, (problem) => file.failWith(key, problem));
  return parseContent(value, (problem) => file.failWith(key, problem));
}

export function contentOf(token: RoleToken | null | undefined): string | undefined {
  return typeof token === 'string' ? token : token?.content;
}

function isEmpty(value: unknown): boolean {
  return (value ?? null) === null || Object.keys(Object(value)).length === 0;
}
