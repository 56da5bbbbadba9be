// What is said about files that are no images, or images of other formats: each is named, with what to do about it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ImageError } from '../../lib/preprocessing';
import { detectImageFormat } from '../../lib/preprocessing/decode/image-format';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** An ISO base media file with these brands. */
function fileType(major: string, ...compatible: string[]): Buffer {
  const size = 16 + 4 * compatible.length;
  return latin1(`\0\0\0${String.fromCharCode(size)}ftyp${major}\0\0\0\0${compatible.join('')}\0\0\0\x08mdat`);
}

describe('format by content', () => {
  const known: [string, Buffer][] = [
    ['jpeg', latin1('\xff\xd8\xff\xe0\0\x10JFIF')],
    ['png', latin1('\x89PNG\r\n\x1a\n')],
    ['gif', latin1('GIF87a')],
    ['gif', latin1('GIF89a')],
    ['webp', latin1('RIFF\x10\0\0\0WEBPVP8 ')],
    ['tiff', latin1('II*\0\x08\0\0\0')],
    ['tiff', latin1('MM\0*\0\0\0\x08')],
    ['tiff', latin1('II+\0\x08\0\0\0')],
    ['bmp', latin1(`BM${'\0'.repeat(12)}\x28\0\0\0`)],
    ['bmp', latin1(`BM${'\0'.repeat(12)}\x0c\0\0\0`)],
    ['avif', fileType('avif', 'mif1')],
    ['avif', fileType('avis', 'msf1')],
    ['avif', fileType('mif1', 'miaf', 'avif')],
  ];
  for (const [format, bytes] of known)
    it(`${format}: ${JSON.stringify(bytes.toString('latin1').slice(0, 16))}`, () =>
      assert.equal(detectImageFormat(bytes, 'file'), format));
});

describe('what is no image', () => {
  const refused: [name: string, bytes: Buffer, said: RegExp][] = [
    ['IMG_0001.HEIC', fileType('heic', 'mif1'), /HEIC photo.*Save it as JPEG and try again/],
    ['burst.jpg', fileType('mif1', 'heic'), /HEIC photo/],
    ['film.mp4', fileType('isom', 'mp41'), /video.*single frame/],
    ['film.mov', fileType('qt  '), /video/],
    ['film.webm', latin1('\x1aE\xdf\xa3'), /video/],
    ['film.avi', latin1('RIFF\0\0\0\0AVI LIST'), /video/],
    ['song.mp3', latin1('ID3\x04'), /audio/],
    ['song.wav', latin1('RIFF\0\0\0\0WAVEfmt '), /audio/],
    ['paper.pdf', latin1('%PDF-1.7'), /PDF document.*Save the page as JPEG or PNG/],
    ['figure.eps', latin1('%!PS-Adobe-3.0 EPSF'), /PostScript/],
    [
      'logo.svg',
      latin1('<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /SVG drawing.*PNG/,
    ],
    ['logo.png', latin1('\xef\xbb\xbf  <svg width="10">'), /SVG drawing/],
    [
      'photo.jpg',
      latin1('<!DOCTYPE html><html><title>403 Forbidden</title>'),
      /web page.*error page.*Download it again/,
    ],
    ['old.tga', latin1('\0\0\x02\0\0\0\0\0\0\0\0\0\x3d\0\x2b\0\x18\0'), /TGA/],
    ['packed.tga', latin1('\x05\0\x0a\0\0\0\0\0\0\0\0\0\x3d\0\x2b\0\x18\0'), /TGA/],
    ['mouse.cur', latin1('\0\0\x02\0\x01\0\x20\x20'), /cursor/],
    ['photo.jxl', latin1('\xff\n\xfa'), /JPEG XL/],
    ['photo.jp2', latin1('\0\0\0\x0cjP  \r\n\x87\n'), /JPEG 2000/],
    ['art.psd', latin1('8BPS\0\x01'), /Photoshop/],
    ['favicon.ico', latin1('\0\0\x01\0\x01\0'), /icon/],
    ['light.exr', latin1('v/1\x01\x02\0\0\0'), /dynamic range/],
    ['scan.ppm', latin1('P6\n3 2\n255\n'), /PPM/],
    ['all.zip', latin1('PK\x03\x04\x14'), /archive.*Unpack/],
    ['all.tar.gz', latin1('\x1f\x8b\x08'), /archive/],
    ['photo.jpg', latin1('version https://git-lfs.github.com/spec/v1\noid sha256:'), /Git LFS pointer.*git lfs pull/],
    ['list.txt', latin1('BMW and others\nare cars, which have wheels'), /text file that begins "BMW and others/],
    ['list.json', latin1('{"image": "a.jpg"}'), /text file/],
    ['model.bin', latin1('\0\x01\x02\x03\x04\x05\x06\x07\x08\x09'), /10 bytes that begin 0001020304050607/],
    ['short', latin1('\xff'), /1 bytes that begin ff/],
    ['nothing', latin1(''), /empty/],
  ];
  for (const [name, bytes, said] of refused)
    it(name, () =>
      assert.throws(
        () => detectImageFormat(bytes, name),
        (error) => {
          assert.ok(error instanceof ImageError);
          assert.ok(error.message.startsWith(`${name}: `), error.message);
          assert.match(error.message, said);
          return true;
        },
      ),
    );
});
