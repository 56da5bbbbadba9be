// Output to the notebook: sends an output in several formats at once. Outside a notebook the text form goes to the
// console.

/**
 * What tslab's kernel keeps in its jupyter module once a cell has run. Read at each call: it changes with every cell.
 */
interface KernelModule {
  readonly lastWriteDisplayData?: (
    content: { data: Record<string, unknown>; metadata: Record<string, unknown>; transient: Record<string, unknown> },
    update: boolean,
  ) => void;
}

/** One output: the front end shows the richest format that it can. */
export interface DisplayData {
  readonly 'text/plain': string;
  readonly 'text/html'?: string;
  /** Base64. */
  readonly 'image/png'?: string;
}

let displays = 0;

function kernel(): KernelModule['lastWriteDisplayData'] {
  const loaded: KernelModule | undefined = require.cache[resolve('tslab/dist/jupyter.js')]?.exports;
  return loaded?.lastWriteDisplayData;
}

function resolve(name: string): string {
  try {
    return require.resolve(name);
  } catch {
    return '';
  }
}

/** Shows an output. `width` is the displayed width of an image in pixels; the text is shown where images are not. */
export function display(data: DisplayData, options: { readonly width?: number } = {}): void {
  const write = kernel();
  if (!write) {
    console.log(data['text/plain']);
    return;
  }
  const picture = data['image/png']
    ? { 'image/png': { alt: data['text/plain'], ...(options.width && { width: options.width }) } }
    : {};
  write({ data: { ...data }, metadata: picture, transient: {} }, false);
}

/** An output whose content can be replaced in place; only the last one is saved. Undefined outside a notebook. */
export function updatableDisplay(): ((data: DisplayData) => void) | undefined {
  const write = kernel();
  if (!write) return undefined;
  const display_id = `blip-${process.pid}-${++displays}`;
  let shown = false;
  return (data) => {
    write({ data: { ...data }, metadata: {}, transient: { display_id } }, shown);
    shown = true;
  };
}

/** Text escaped for HTML. */
export function escapeHTML(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
