// Hub ids, with or without a revision.

/**
 * The hub's rules (huggingface_hub's validate_repo_id): `owner/name` or `name`, parts that begin and end with a letter,
 * digit or `_`.
 */
const HUB_ID = /^(?:\w(?:[\w.-]*\w)?\/)?\w(?:[\w.-]{0,94}\w)?$/;
/**
 * What git forbids in the names of branches and tags (git check-ref-format), as far as it could lead out of the cache's
 * folder.
 */
const NO_REVISION = /[\x00-\x20\x7f\\:?*[~^]|\.\.|\/\/|^[/.-]|[/.]$|\/\./;

/**
 * @example
 * isHubId('Salesforce/blip-vqa-base') // true
 * isHubId('./models/blip-scenes')     // false
 */
export function isHubId(text: string): boolean {
  return HUB_ID.test(text) && !/--|\.\./.test(text) && !text.endsWith('.git');
}

/** Whether it can be a branch, a tag, a commit or a pull request (`refs/pr/7`). */
export function isRevision(text: string): boolean {
  return text.length > 0 && text.length <= 200 && !NO_REVISION.test(text);
}

/**
 * Takes `owner/name@revision` apart. Anything else than a hub id in front of the @ is left whole: it may be the name of
 * a folder.
 *
 * @example
 * splitRevision('Salesforce/blip-image-captioning-base@refs/pr/7')
 * // { id: 'Salesforce/blip-image-captioning-base', revision: 'refs/pr/7' }
 */
export function splitRevision(text: string): { readonly id: string; readonly revision?: string } {
  const at = text.indexOf('@');
  const [id, revision] = [text.slice(0, at), text.slice(at + 1)];
  return at > 0 && isHubId(id) && isRevision(revision) ? { id, revision } : { id: text };
}
