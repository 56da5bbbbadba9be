// The project's own files: all but what .gitignore names, Git's folder and files with secrets.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Never copied, whatever .gitignore says; `packages` is a bundle's. */
const ALWAYS = ['.git', 'packages'];
const SECRETS = /^\.env(\.|$)/;

/**
 * @param root the project
 * @param without a folder within it that is left out
 * @returns paths relative to the root, with `/`, sorted
 */
export function projectFiles(root, without) {
  const isIgnored = ignoreRules(fs.readFileSync(path.join(root, '.gitignore'), 'utf8'));
  const files = [];
  const visit = (folder) => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isIgnored(entry.name, entry.isDirectory()) || SECRETS.test(entry.name)) continue;
      if (folder === '' && ALWAYS.includes(entry.name)) continue;
      if (without !== undefined && path.join(root, name) === path.resolve(without)) continue;
      if (entry.isDirectory()) visit(name);
      else if (entry.isFile()) files.push(name);
    }
  };
  visit('');
  return files.sort();
}

/**
 * The patterns that this project uses: `name`, `name/` and `*.ext`.
 *
 * @throws {Error} for any other pattern
 */
export function ignoreRules(text) {
  const rules = text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, star, name, slash] = /^(\*?)([^*?![\]/\\]+)(\/?)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`.gitignore: "${line}" is not a name, a folder/ or *.ext`);
      return (entry, isFolder) => (slash ? isFolder : true) && (star ? entry.endsWith(name) : entry === name);
    });
  return (entry, isFolder) => rules.some((rule) => rule(entry, isFolder));
}
