// Whether an image file was cut short: a download that broke off, a memory card that was pulled out. Bytes behind the
// end are no fault: phones put videos there.

/**
 * @param {string} format
 * @param {Uint8Array} bytes
 * @returns {boolean} false also for formats whose end cannot be told
 */
export function isCutShort(format, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'JPEG') return !reachesEndOfJpeg(bytes);
  if (format === 'PNG') return !reachesEndOfPng(view);
  if (format === 'WebP') return view.byteLength < 8 || view.getUint32(4, true) + 8 > view.byteLength;
  if (format === 'AVIF') return !reachesEndOfBoxes(view);
  if (format === 'GIF') return !bytes.subarray(13).includes(0x3b); // the trailer; more is not told without decoding
  return false;
}

/**
 * Walks over the segments, and behind each start of scan over its data, to the end marker. A thumbnail within a segment
 * has an end marker too, so the first one found would be the wrong one.
 *
 * @param {Uint8Array} bytes
 */
function reachesEndOfJpeg(bytes) {
  let at = 2;
  while (at + 1 < bytes.length) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0)
      at += 1; // data of a scan, and filling
    else if (marker === 0xd9) return true;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8))
      at += 2; // markers without a length
    else if (at + 3 < bytes.length) at += 2 + Math.max(2, bytes[at + 2] * 256 + bytes[at + 3]);
    else return false;
  }
  return false;
}

/** @param {DataView} view */
function reachesEndOfPng(view) {
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at))
    if (view.getUint32(at + 4) === 0x49454e44) return true; // IEND
  return false;
}

/** @param {DataView} view */
function reachesEndOfBoxes(view) {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return true; // to the end of the file, whatever that is
    if (size === 1 && at + 16 > view.byteLength) return false;
    at += size === 1 ? Number(view.getBigUint64(at + 8)) : Math.max(8, size);
  }
  return at === view.byteLength;
}
