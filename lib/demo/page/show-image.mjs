// The image that is asked about: chosen, dropped, pasted or taken by a camera; checked, shown, cropped, cleared.
import { checkImage, checkSize } from './check-image.mjs';
import { cropTool } from './crop-image.mjs';
import { $, find } from './dom.mjs';

/** What a browser shows. TIFF is read by the model's program alone. */
const NOT_SHOWN = ['TIFF'];
const DAMAGED = 'This image is damaged: it cannot be opened. Save it anew in an image editor and try again.';

/**
 * @param {{ maxBytes: () => number, onChange: () => void }} options `onChange` is called for each other image, and for
 *   none
 */
export function imageArea({ maxBytes, onChange }) {
  const shown = find('image', HTMLImageElement);
  const file = find('file', HTMLInputElement);
  /** What is asked about. @type {{ blob: Blob, name: string } | undefined} */
  let current;
  /** Before it was cropped. @type {{ blob: Blob, name: string } | undefined} */
  let whole;
  let attempts = 0;
  const crop = cropTool({ onCropped: (blob) => void useCropped(blob), onEnd: showTools });

  /** @param {string} text */
  function complain(text) {
    $('problem').textContent = text;
  }

  /**
   * @param {Blob} blob
   * @param {string} name
   * @returns {Promise<boolean>} whether it is shown now
   */
  async function choose(blob, name) {
    const attempt = ++attempts;
    crop.end();
    const problem = await findProblem(blob);
    if (attempt !== attempts) return false; // another one was chosen meanwhile
    if (problem) {
      complain(`${name}: ${problem}`);
      return false;
    }
    whole = undefined;
    show(blob, name);
    return true;
  }

  /** @param {Blob} blob @returns {Promise<string | undefined>} */
  async function findProblem(blob) {
    const large = checkSize(blob.size, maxBytes());
    if (large) return large;
    let bytes;
    try {
      bytes = new Uint8Array(await blob.arrayBuffer());
    } catch {
      return 'This file cannot be read: it was moved or deleted, or it is a folder. Choose it again.';
    }
    const checked = checkImage(bytes, maxBytes());
    if ('problem' in checked) return checked.problem;
    if (NOT_SHOWN.includes(checked.format)) return undefined;
    const probe = new Image();
    probe.src = URL.createObjectURL(blob);
    try {
      await probe.decode();
      return undefined;
    } catch {
      return checked.format === 'AVIF' ? undefined : DAMAGED; // not every browser has AVIF
    } finally {
      URL.revokeObjectURL(probe.src);
    }
  }

  /** @param {Blob} blob @param {string} name */
  function show(blob, name) {
    current = { blob, name };
    complain('');
    URL.revokeObjectURL(shown.src);
    shown.onload = () => showPreview(true);
    shown.onerror = () => showPreview(false);
    shown.alt = `Your image: ${name}`;
    shown.src = URL.createObjectURL(blob);
    $('image-name').textContent = name;
    $('image-note').textContent = '';
    showTools();
    onChange();
  }

  /** @param {boolean} can */
  function showPreview(can) {
    $('frame').hidden = !can;
    $('no-preview').hidden = can;
    $('crop').hidden = !can || !current;
  }

  /** @param {Blob} blob */
  async function useCropped(blob) {
    if (!current) return;
    whole ??= current;
    const { name } = whole;
    show(blob, `${name.replace(/\.[^.]*$/, '')}-part.png`);
    $('another').focus();
  }

  function showTools() {
    const has = current !== undefined;
    $('choose').hidden = has;
    $('shown').hidden = !has;
    for (const id of ['another', 'clear']) $(id).hidden = !has;
    $('crop').hidden = !has || !$('no-preview').hidden;
    $('uncrop').hidden = !whole;
    $('camera').hidden = false;
  }

  function clear() {
    attempts++;
    crop.end();
    current = whole = undefined;
    URL.revokeObjectURL(shown.src);
    shown.removeAttribute('src');
    shown.alt = '';
    complain('');
    showTools();
    onChange();
    file.focus();
  }

  /** @param {FileList | null | undefined} files */
  async function chooseFirst(files) {
    const [first, ...others] = files ?? [];
    if (!first || !(await choose(first, first.name || 'image')) || others.length === 0) return;
    $('image-note').textContent = `(the first of ${others.length + 1} files: one image at a time)`;
  }

  file.addEventListener('change', () => {
    void chooseFirst(file.files);
    file.value = '';
  });
  $('another').addEventListener('click', () => file.click());
  $('clear').addEventListener('click', clear);
  $('uncrop').addEventListener('click', () => {
    if (!whole) return;
    const { blob, name } = whole;
    whole = undefined;
    show(blob, name);
    $('another').focus();
  });
  $('crop').addEventListener('click', () => {
    for (const id of ['another', 'camera', 'crop', 'uncrop', 'clear']) $(id).hidden = true;
    crop.begin();
  });
  // Anywhere on the page: a drop beside the image would make the browser leave the page and show the file instead.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('over');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('over');
    if (event.dataTransfer?.files.length) void chooseFirst(event.dataTransfer.files);
    else complain('That was no file. Save the image first, then drop its file here.');
  });
  document.addEventListener('paste', (event) => void chooseFirst(event.clipboardData?.files));

  return { choose, clear, current: () => current };
}
