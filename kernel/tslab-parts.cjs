// The parts of tslab that the kernel builds on, wherever npm put them.
const path = require('node:path');

const tslab = path.dirname(require.resolve('tslab/package.json'));
const fromTslab = (name) => require.resolve(name, { paths: [tslab] });

/** The project's folder: cells run there, so that './lib' and 'data/...' mean the same in every notebook. */
const root = path.resolve(__dirname, '..');

module.exports = {
  root,
  /** The compiler that tslab brings: a fork of TypeScript 5.0. */
  typescriptPath: fromTslab('@tslab/typescript-for-tslab'),
  zeromqPath: fromTslab('zeromq'),
  /** The files that tslab makes up for the compiler: the cell, and the declarations of the cells before it. */
  cellFile: slashed(path.join(root, '__tslab__.ts')),
  declarationsFile: slashed(path.join(root, '__prev__.d.ts')),
  slashed,
};

/** A path as the compiler writes it, on Windows too. */
function slashed(file) {
  return file.replaceAll('\\', '/');
}
