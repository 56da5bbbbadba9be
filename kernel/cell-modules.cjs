// What `require` gives in cells: tslab's own interface, modules that are made of cells (`/** @module name */`), and
// all else as Node finds it from the project's folder.
const Module = require('node:module');
const path = require('node:path');
const { slashed } = require('./tslab-parts.cjs');

function makeModules(requireFromRoot, root) {
  const compiled = new Map();
  const loaded = new Map();

  function wrap(require, folder) {
    return new Proxy(require, {
      apply: (_target, self, args) => {
        const [id] = args;
        if (id === 'tslab') return requireFromRoot('tslab');
        const file = `${slashed(path.resolve(folder, String(id))).replace(/\.js$/, '')}.js`;
        return compiled.has(file) ? load(file) : require.apply(self, args);
      },
    });
  }

  function load(file) {
    const known = loaded.get(file);
    if (known) return known.exports;
    const made = new Module(file, module);
    made.filename = file;
    made.paths = Module._nodeModulePaths(path.dirname(file));
    made.require = wrap(made.require.bind(made), path.dirname(file));
    loaded.set(file, made);
    made._compile(compiled.get(file), file);
    return made.exports;
  }

  return {
    require: wrap(requireFromRoot, root),
    add(outputs) {
      for (const output of outputs) {
        compiled.set(slashed(output.path), output.data);
        loaded.delete(slashed(output.path));
      }
    },
  };
}

module.exports = { makeModules };
