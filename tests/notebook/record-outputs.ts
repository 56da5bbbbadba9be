// Stands in for the notebook kernel: records the outputs that the library sends to it.

/** One message of the kernel's `lastWriteDisplayData`. */
export interface Output {
  readonly data: Readonly<Record<string, string>>;
  readonly display_id: unknown;
  /** Whether it replaces an earlier output of the same id. */
  readonly update: boolean;
}

interface Content {
  readonly data: Record<string, string>;
  readonly transient: Record<string, unknown>;
}

/** Runs `show` as inside a notebook and returns what it displayed. */
export function recordOutputs(show: () => void): Output[] {
  const outputs: Output[] = [];
  const file = require.resolve('tslab/dist/jupyter.js');
  const before = require.cache[file];
  const module = Object.assign(Object.create(null), {
    id: file,
    filename: file,
    loaded: true,
    exports: {
      lastWriteDisplayData: ({ data, transient }: Content, update: boolean) => {
        outputs.push({ data, display_id: transient.display_id, update });
      },
    },
  });
  require.cache[file] = module;
  try {
    show();
  } finally {
    if (before) require.cache[file] = before;
    else delete require.cache[file];
  }
  return outputs;
}
