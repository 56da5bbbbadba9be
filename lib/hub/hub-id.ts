// Tells a hub id from the name of a folder, and says what is wrong with a folder that is not there.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The hub's rules (huggingface_hub's validate_repo_id): `owner/name` or `name`, parts that begin and end with a letter, digit or `_`. */
const HUB_ID = /^(?:\w(?:[\w.-]*\w)?\/)?\w(?:[\w.-]{0,94}\w)?$/;

/**
 * @example
 * isHubId('Salesforce/blip-vqa-base') // true
 * isHubId('./models/blip-scenes')     // false
 */
export function isHubId(text: string): boolean {
  return HUB_ID.test(text) && !/--|\.\./.test(text) && !text.endsWith('.git');
}

/**
 * Why a name that is not a folder cannot be meant for the hub either; undefined when it can. An id whose owner is also a folder here,
 * such as `models/blip-scnes`, is taken for a slip in a path: the hub would be asked for a model of the user "models".
 */
export function explainMissingFolder(given: string): string | undefined {
  const near = nearFolders(given);
  const [owner, name] = given.split('/');
  const clash = name !== undefined && isDirectory(owner);
  if (isHubId(given) && !clash && (name !== undefined || near.length === 0)) return undefined;
  return (
    `${given || '""'}: no such folder. Expected a folder with config.json and model.safetensors, or a hub id such as Salesforce/blip-vqa-base. ` +
    (given.startsWith('~') ? 'Only a shell expands "~", and not between quotes: write the whole path. ' : '') +
    (isHubId(given) && clash
      ? `"${owner}" is a folder here, so this is no hub id: start in another folder to take it from the hub. `
      : '') +
    (near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Check the path; it starts at the current folder.')
  );
}

/** A share of its letters in which a name may differ from what was meant. */
const SLIP = 1 / 3;

/** Checkpoint folders with a similar name, beside the missing one and in `models` below the working folder. */
function nearFolders(given: string): string[] {
  const wanted = path.basename(given.replace(/\\/g, '/'));
  const places = [path.dirname(given.replace(/\\/g, '/')), 'models'];
  const found = places.flatMap((place) =>
    (isDirectory(place) ? fs.readdirSync(place) : [])
      .filter(
        (name) =>
          edits(name, wanted) <= Math.ceil(wanted.length * SLIP) &&
          fs.existsSync(path.join(place, name, 'config.json')),
      )
      .map((name) => path.join(place, name)),
  );
  return [...new Set(found)];
}

/** Letters to insert, remove or replace, in the fewest steps (Levenshtein). */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}

function isDirectory(place: string): boolean {
  return fs.statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
