// Explains the name of a folder that does not exist, and suggests similar ones.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { editDistance } from '../core/edit-distance';
import { isHubId, splitRevision } from './hub-id';

export interface WantedFolder {
  /** What a name can stand for, for the message: `a folder with config.json …, or a hub id such as …`. */
  readonly expected: string;
  /** Folders in which such folders usually lie, relative to the current one. */
  readonly places: readonly string[];
  /** Whether an existing folder (or file) is of the wanted kind. */
  readonly isOne: (folder: string) => boolean;
}

/** The share of its letters in which a name may differ from a suggestion. */
const MAX_DIFFERENCE = 1 / 3;

/**
 * Why a name that is not a folder cannot be meant for the hub either; undefined when it can. An id whose owner is also
 * a folder here, such as `models/blip-scnes`, or almost the name of one of `places`, such as `modles/blip-scenes`, is
 * taken for a mistyped path: the hub would be asked for a repository of the user "models".
 */
export function explainMissingFolder(given: string, wanted: WantedFolder): string | undefined {
  const { id } = splitRevision(given);
  const plain = id.replace(/\\/g, '/');
  const [owner, name] = plain.split('/');
  const clash = name !== undefined && isDirectory(owner);
  const near = nearFolders(plain, wanted);
  const meant = meantId(given);
  const slip = name !== undefined && near.length > 0 && wanted.places.some((place) => isNear(owner, place));
  if (isHubId(id) && !clash && !slip && (name !== undefined || near.length === 0)) return undefined;
  return (
    `${given || '""'}: no such folder. Expected ${wanted.expected}. ` +
    (given.startsWith('~') ? 'Only a shell expands "~", and not between quotes: write the whole path. ' : '') +
    (isHubId(id) && clash
      ? `"${owner}" is a folder here, so this is no hub id: start in another folder to take it from the hub. `
      : '') +
    (meant !== undefined && !clash && near.length === 0 ? `For the hub, name the id alone: ${meant}. ` : '') +
    (near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Check the path; it starts at the current folder.')
  );
}

/** A repository's page: its address, or what `datasets` and `fsspec` make of it. */
const PAGE = new RegExp(
  '^(?:https?://[^/]+/|hf://)(?:models/|datasets/)?' + // where
    '([^/?#@]+/[^/?#@]+)' + // the id
    '(?:(?:/(?:tree|blob|resolve)/|@)([^?#]+))?' + // a revision, perhaps with a file
    '[/?#]?',
);

/** The id that an address, a name with spaces around it, or with a revision behind a colon stands for. */
function meantId(given: string): string | undefined {
  const text = given.trim();
  const [, id, rest] = PAGE.exec(text) ?? [];
  // behind the revision may be a file; that of a pull request has two slashes
  const revision = rest === undefined ? undefined : (/^refs\/pr\/\d+/.exec(rest) ?? /^[^/]+/.exec(rest))?.[0];
  const candidate =
    id === undefined
      ? text.replace(/\\/g, '/').replace(/^([^/]+\/[^/:]+):/, '$1@')
      : id + (revision === undefined || revision === 'main' ? '' : `@${revision}`);
  return candidate !== given && candidate.includes('/') && isHubId(splitRevision(candidate).id) ? candidate : undefined;
}

/**
 * Folders of the wanted kind with a similar name: beside the missing one, in a folder whose name is similar to that
 * one's, and in `places`.
 */
function nearFolders(plain: string, { places, isOne }: WantedFolder): string[] {
  const wanted = path.posix.basename(plain);
  const parent = path.normalize(path.posix.dirname(plain));
  const grandparent = path.dirname(parent);
  const siblings = isDirectory(parent) || parent === grandparent ? [] : list(grandparent).filter(isDirectory);
  const near = [
    parent,
    ...places,
    ...siblings.filter((folder) => isNear(path.basename(parent), path.basename(folder))),
  ];
  const found = near.flatMap((place) =>
    list(place).filter((folder) => isNear(path.basename(folder), wanted) && isOne(folder)),
  );
  return [...new Set(found)];
}

function list(folder: string): string[] {
  return isDirectory(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

function isNear(name: string, wanted: string): boolean {
  return editDistance(name, wanted) <= Math.ceil(wanted.length * MAX_DIFFERENCE);
}

function isDirectory(place: string): boolean {
  return statOrNothing(place)?.isDirectory() ?? false;
}
