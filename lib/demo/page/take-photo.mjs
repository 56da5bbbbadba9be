// A photo from a webcam, or from a phone's own camera application.
import { $, find } from './dom.mjs';

/** What `getUserMedia` fails with, and what a person can do. @type {Record<string, string>} */
const PROBLEMS = {
  NotAllowedError: 'The browser does not let this page use the camera. Allow it in the address bar, then try again.',
  NotFoundError: 'This device has no camera. Choose a file instead.',
  NotReadableError: 'Another program uses the camera. Close it, then try again.',
};
const NO_CONTEXT =
  'Browsers let a page use the webcam only on this machine (http://127.0.0.1) or over https. ' +
  'Choose a file instead, or use the camera app.';

/** @param {{ onPhoto: (photo: Blob, name: string) => void }} options */
export function cameraTool({ onPhoto }) {
  const dialog = find('camera-dialog', HTMLDialogElement);
  const video = find('video', HTMLVideoElement);
  const capture = find('capture', HTMLInputElement);
  /** @type {MediaStream | undefined} */
  let stream;
  let openings = 0;

  function stop() {
    openings++;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.srcObject = null;
  }

  /** @param {string} text */
  function complain(text) {
    $('camera-problem').textContent = text;
    video.hidden = $('shoot').hidden = text !== '';
  }

  async function open() {
    complain('');
    $('phone').hidden = !matchMedia('(pointer: coarse)').matches;
    find('shoot', HTMLButtonElement).disabled = true;
    dialog.showModal();
    const opening = ++openings;
    if (!navigator.mediaDevices) return complain(NO_CONTEXT);
    try {
      const started = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (opening !== openings) {
        for (const track of started.getTracks()) track.stop(); // closed while the browser asked
        return;
      }
      stream = started;
      video.srcObject = stream;
      await video.play();
      find('shoot', HTMLButtonElement).disabled = false;
    } catch (error) {
      if (opening === openings)
        complain(
          PROBLEMS[error instanceof Error ? error.name : ''] ?? 'The camera did not start. Choose a file instead.',
        );
    }
  }

  $('camera').addEventListener('click', () => void open());
  $('camera-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', stop);
  $('shoot').addEventListener('click', () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d')?.drawImage(video, 0, 0);
    canvas.toBlob(
      (photo) => {
        dialog.close();
        if (photo) onPhoto(photo, 'webcam.jpg');
      },
      'image/jpeg',
      0.95,
    );
  });
  capture.addEventListener('change', () => {
    const [photo] = capture.files ?? [];
    dialog.close();
    if (photo) onPhoto(photo, photo.name || 'photo.jpg');
    capture.value = '';
  });
}
