// A checkpoint folder's tokenizer, put together from its files as transformers' BertTokenizer does.
//
//   tokenizer.json           words; its added tokens; for a class other than BertTokenizer also everything else
//   vocab.txt                words, where there is no tokenizer.json
//   tokenizer_config.json, special_tokens_map.json, added_tokens.json: settings, roles, added tokens
//
// Source: transformers 5, tokenization_bert.py and tokenization_utils_tokenizers.py.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { TOKENIZER_SETTINGS_FILES, VOCABULARY_FILES } from '../checkpoint/checkpoint-files';
import { quote } from '../core/quote';
import { addedToken, type AddedToken } from './added-token';
import type { BertSettings } from './bert-model';
import { TokenizerError } from './errors';
import { readTokenizerJSON, type ListedToken, type TokenizerJSON } from './parse-tokenizer-json';
import {
  contentOf,
  readSpecialTokens,
  ROLES,
  type Role,
  type RoleToken,
  type SpecialTokens,
} from './read-special-tokens';
import { readVocabulary } from './read-vocabulary';
import { SettingsFile } from './settings-file';

export interface TokenizerDescription {
  /** The file that holds the words, for messages. */
  readonly file: string;
  /** token -> id */
  readonly vocab: ReadonlyMap<string, number>;
  readonly settings: BertSettings;
  /** Tokens to add, in this order, with the ids that the files have for them. */
  readonly added: readonly { readonly token: AddedToken; readonly id?: number }[];
  readonly cls_token: string;
  readonly sep_token: string;
  readonly pad_token: string;
  /** What a decoder's output starts with, where the tokenizer knows it. */
  readonly bos_token?: string;
  readonly clean_up_tokenization_spaces: boolean;
  readonly split_special_tokens: boolean;
  readonly truncation_side: 'left' | 'right';
}

const [TOKENIZER_JSON, VOCAB_TXT] = VOCABULARY_FILES;
const [TOKENIZER_CONFIG] = TOKENIZER_SETTINGS_FILES;

/** What BertTokenizer takes where no file names the token. */
const DEFAULTS: Readonly<Partial<Record<Role, string>>> = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};
/**
 * The class that builds everything but the words from settings, and those that transformers 5 has it stand for. Others
 * take tokenizer.json as it is.
 */
const BERT_TOKENIZER = /^(?:Bert|DistilBert|Electra|LayoutLM|Lxmert|MobileBert|SqueezeBert)Tokenizer(?:Fast)?$/;
/** BERT's own limit: a longer word becomes unk_token. */
const MAX_WORD_CHARACTERS = 100;

/** @throws {TokenizerError} that names the file and the key */
export function readTokenizer(folder: string): TokenizerDescription {
  const config = new SettingsFile(path.join(folder, TOKENIZER_CONFIG));
  const tokenizerClass = config.get('tokenizer_class') ?? 'BertTokenizer';
  const isBert = typeof tokenizerClass === 'string' && BERT_TOKENIZER.test(tokenizerClass);
  const { file, vocab, stored } = readWords(folder, config, isBert);
  const special = readSpecialTokens(folder, config, stored?.added ?? []);
  const loaded = isBert ? [] : (stored?.added ?? []); // of another class than BertTokenizer: before any other
  const roles = isBert || !stored ? withDefaults(special.roles) : withTemplate(special.roles, stored);
  const listed = new Set([...loaded, ...special.listed].map(({ token }) => token.content));
  const need = (role: Role, fallback?: string): string => {
    const token = contentOf(roles.get(role)) ?? fallback;
    if (token === undefined)
      return config.fail(role, 'a token: [CLS] and [SEP] stand around every text, and [UNK] for unknown words');
    // Word pieces need the unknown word among the words themselves.
    if (vocab.has(token) || (role !== 'unk_token' && listed.has(token))) return token;
    throw new TokenizerError(
      `${file}: the ${role} ${quote(token)} is not among its ${vocab.size} tokens. Expected BERT's vocabulary, ` +
        `or the token's right name in ${TOKENIZER_CONFIG}.`,
    );
  };
  const unk_token = need('unk_token');
  const truncation_side = config.get('truncation_side') ?? 'right';
  if (truncation_side !== 'left' && truncation_side !== 'right')
    return config.fail('truncation_side', '"left" or "right"');
  return {
    file,
    vocab,
    settings: isBert || !stored ? bertSettings(config, unk_token) : stored.settings,
    added: [...loaded, ...tokensToAdd(isBert ? { ...special, roles } : special, loaded)],
    cls_token: need('cls_token'),
    sep_token: need('sep_token'),
    pad_token: need('pad_token', '[PAD]'), // fills up short texts beside long ones; the model does not look at it
    bos_token: contentOf(roles.get('bos_token')),
    clean_up_tokenization_spaces: config.flag('clean_up_tokenization_spaces', false),
    split_special_tokens: config.flag('split_special_tokens', false),
    truncation_side,
  };
}

function readWords(
  folder: string,
  config: SettingsFile,
  isBert: boolean,
): { file: string; vocab: ReadonlyMap<string, number>; stored?: TokenizerJSON } {
  const json = path.join(folder, TOKENIZER_JSON);
  if (fs.existsSync(json)) {
    const stored = readTokenizerJSON(json, !isBert);
    return { file: json, vocab: stored.vocab, stored };
  }
  const file = path.join(folder, VOCAB_TXT);
  if (!fs.existsSync(file))
    throw new TokenizerError(
      `${folder}: neither ${TOKENIZER_JSON} nor ${VOCAB_TXT} is here. ` +
        'Copy one of them from the checkpoint into this folder; for a checkpoint of the original repository (.pth), ' +
        'which has none, take vocab.txt of bert-base-uncased.',
    );
  if (!isBert)
    config.fail('tokenizer_class', `BertTokenizer: any other needs a ${TOKENIZER_JSON}, and here is only ${VOCAB_TXT}`);
  return { file, vocab: readVocabulary(file) };
}

function bertSettings(config: SettingsFile, unk_token: string): BertSettings {
  return {
    lowercase: config.flag('do_lower_case', true),
    strip_accents: (config.get('strip_accents') ?? null) === null ? null : config.flag('strip_accents', true),
    handle_chinese_chars: config.flag('tokenize_chinese_chars', true),
    max_input_chars_per_word: MAX_WORD_CHARACTERS,
    unk_token,
    cleanup: true,
  };
}

type Roles = Map<Role, RoleToken | null>;

function withDefaults(roles: ReadonlyMap<Role, RoleToken | null>): Roles {
  return new Map(
    ROLES.flatMap((role) => {
      const token = roles.has(role) ? roles.get(role) : DEFAULTS[role];
      return token === undefined ? [] : [[role, token] as const];
    }),
  );
}

/** The tokens around a text are those of tokenizer.json, whatever the settings say. */
function withTemplate(roles: ReadonlyMap<Role, RoleToken | null>, stored: TokenizerJSON): Roles {
  const complete: Roles = new Map(roles).set('unk_token', stored.settings.unk_token);
  if (!complete.has('pad_token')) complete.set('pad_token', '[PAD]');
  if (stored.cls_token !== undefined) complete.set('cls_token', stored.cls_token);
  if (stored.sep_token !== undefined) complete.set('sep_token', stored.sep_token);
  return complete;
}

/**
 * What is added to the words, in transformers' order: the listed tokens by their ids, then those with a role, then
 * the others that are special. A token with a role is special; one that is no longer new is left as it is.
 *
 * @param loaded added before
 */
function tokensToAdd(
  { listed, roles, ownRoles, extra }: SpecialTokens,
  loaded: readonly ListedToken[],
): { token: AddedToken; id?: number }[] {
  const withRole = [...ROLES.flatMap((role) => roles.get(role) ?? []), ...ownRoles];
  const special = new Set(withRole.map(contentOf));
  const there = new Set([...loaded, ...listed].map(({ token }) => token.content));
  const fresh = [...withRole, ...extra].filter((token) => !there.has(contentOf(token) ?? ''));
  // Of a token that comes again with other flags, the last ones count.
  const others = [...new Map(fresh.map((token) => [JSON.stringify(token), token])).values()].map((token) =>
    typeof token === 'string' ? addedToken(token, true) : token,
  );
  return [...listed, ...others.map((token) => ({ token }))].map(({ token, ...rest }) => ({
    token: special.has(token.content) ? { ...token, special: true } : token,
    ...rest,
  }));
}
