// Choosing a part of the shown image: by dragging over it, or by keyboard.
import { $, find } from './dom.mjs';

/** Of the image's width or height, in per cent. */
const STEP = 2;
const LEAST = 4;
const BEGIN = { left: 20, top: 20, width: 60, height: 60 };

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * @param {{ onCropped: (part: Blob) => void, onEnd: () => void }} options
 */
export function cropTool({ onCropped, onEnd }) {
  const [frame, box, image] = [$('frame'), $('selection'), find('image', HTMLImageElement)];
  let area = BEGIN;
  let active = false;
  /** Where the pointer went down, in per cent, and the area then; `moves` within the area. */
  let drag = /** @type {{ x: number, y: number, area: typeof BEGIN, moves: boolean } | undefined} */ (undefined);

  /** @param {typeof BEGIN} next */
  function place(next) {
    const width = clamp(next.width, LEAST, 100);
    const height = clamp(next.height, LEAST, 100);
    area = { width, height, left: clamp(next.left, 0, 100 - width), top: clamp(next.top, 0, 100 - height) };
    for (const [name, value] of Object.entries(area)) box.style.setProperty(name, `${value}%`);
    const [across, down] = [image.naturalWidth, image.naturalHeight];
    const size = `${Math.round((width * across) / 100)} by ${Math.round((height * down) / 100)} pixels`;
    box.ariaLabel =
      `Part of the image to keep: ${size}, ${Math.round(area.left)} % from the ` +
      `left, ${Math.round(area.top)} % from the top`;
  }

  /** @param {boolean} on */
  function setActive(on) {
    active = on;
    document.body.classList.toggle('cropping', on);
    for (const id of ['selection', 'crop-apply', 'crop-cancel', 'crop-help']) $(id).hidden = !on;
  }

  function end() {
    if (!active) return;
    drag = undefined;
    setActive(false);
    onEnd();
  }

  function apply() {
    const [across, down] = [image.naturalWidth / 100, image.naturalHeight / 100];
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(area.width * across));
    canvas.height = Math.max(1, Math.round(area.height * down));
    const { width, height } = canvas;
    canvas.getContext('2d')?.drawImage(image, area.left * across, area.top * down, width, height, 0, 0, width, height);
    canvas.toBlob((part) => {
      end();
      if (part) onCropped(part);
    }, 'image/png');
  }

  /** @param {PointerEvent} event */
  function pointAt(event) {
    const { left, top, width, height } = frame.getBoundingClientRect();
    return {
      x: clamp(((event.clientX - left) / width) * 100, 0, 100),
      y: clamp(((event.clientY - top) / height) * 100, 0, 100),
    };
  }

  frame.addEventListener('pointerdown', (event) => {
    if (!active) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    drag = { ...pointAt(event), area, moves: event.target === box };
    box.focus();
  });
  frame.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const { x, y } = pointAt(event);
    if (drag.moves) place({ ...drag.area, left: drag.area.left + x - drag.x, top: drag.area.top + y - drag.y });
    else {
      const [width, height] = [Math.abs(x - drag.x), Math.abs(y - drag.y)];
      place({ left: Math.min(x, drag.x), top: Math.min(y, drag.y), width, height });
    }
  });
  for (const name of ['pointerup', 'pointercancel']) frame.addEventListener(name, () => (drag = undefined));
  box.addEventListener('keydown', (event) => {
    const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const [, step] = Object.entries(steps).find(([key]) => key === event.key) ?? [];
    if (step) {
      const [x, y] = step;
      if (event.shiftKey) place({ ...area, width: area.width + x, height: area.height + y });
      else place({ ...area, left: area.left + x, top: area.top + y });
    } else if (event.key === 'Enter') apply();
    else if (event.key === 'Escape') cancel();
    else return;
    event.preventDefault();
  });
  function cancel() {
    end();
    $('crop').focus();
  }
  $('crop-apply').addEventListener('click', apply);
  $('crop-cancel').addEventListener('click', cancel);

  return {
    begin() {
      setActive(true);
      place(BEGIN);
      box.focus();
    },
    end,
  };
}
