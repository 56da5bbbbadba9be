// What the page says about a file when it is chosen. Images that the library reads pass, also with bytes behind their
// end; cut anywhere, they do not. The images are made by sharp, an independent encoder.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { projectRoot } from '../project-root';
import { pageFunction } from './page-module';

const PICTURE = fs.readFileSync(path.join(projectRoot(), 'data', 'pictures', 'demo.jpg'));
const MAX = 64 * 2 ** 20;
let check: (bytes: Uint8Array, maxBytes?: number) => { format?: string; problem?: string };
const images = new Map<string, Buffer>();

before(async () => {
  const checkImage = await pageFunction('check-image.mjs', 'checkImage');
  check = (bytes, maxBytes = MAX) => Object(checkImage(new Uint8Array(bytes), maxBytes));
  const small = (): Sharp => sharp(PICTURE).resize(97, 61);
  images.set('JPEG', PICTURE);
  images.set('PNG', await small().png().toBuffer());
  images.set('WebP', await small().webp().toBuffer());
  images.set('GIF', await small().gif().toBuffer());
  images.set('TIFF', await small().tiff().toBuffer());
  images.set('AVIF', await small().avif().toBuffer());
});

describe('a file that is chosen', () => {
  it('every format that the library reads passes, with bytes behind its end too', async () => {
    for (const [format, bytes] of images) {
      assert.deepEqual(check(bytes), { format });
      if (format !== 'AVIF') assert.deepEqual(check(Buffer.concat([bytes, Buffer.alloc(50, 1)])), { format }, format);
    }
    const progressive = await sharp(PICTURE).jpeg({ progressive: true }).withMetadata({ density: 72 }).toBuffer();
    assert.deepEqual(check(progressive), { format: 'JPEG' });
  });

  it('an image that is cut short anywhere is told', () => {
    for (const format of ['JPEG', 'PNG', 'WebP', 'AVIF']) {
      const bytes = images.get(format) ?? assert.fail(format);
      for (const part of [0.1, 0.3, 0.5, 0.9, 0.99]) {
        const { problem } = check(bytes.subarray(0, Math.floor(bytes.length * part)));
        assert.match(problem ?? '', /cut short/, `${format} at ${part}`);
      }
      assert.match(check(bytes.subarray(0, bytes.length - 2)).problem ?? '', /cut short/, format);
    }
  });

  it("the end of a thumbnail within a JPEG is not taken for the image's", () => {
    const thumbnail = Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(9, 7), Buffer.from([0xff, 0xd9])]);
    const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, thumbnail.length + 2]), thumbnail]);
    const whole = Buffer.concat([PICTURE.subarray(0, 2), segment, PICTURE.subarray(2)]);
    assert.deepEqual(check(whole), { format: 'JPEG' });
    assert.match(check(whole.subarray(0, whole.length - 100)).problem ?? '', /cut short/);
  });

  it('anything else gets a sentence that says what it is and what to do', () => {
    const box = (brand: string): Buffer => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}mif1`, 'latin1');
    const cases: [Buffer | string, RegExp][] = [
      ['', /empty\. Choose another/],
      [box('heic'), /HEIC photo\. Save it as JPEG and try again/],
      [Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom', 'latin1'), /video/],
      ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', /SVG drawing\. Save it as PNG/],
      ['<!DOCTYPE html><html>', /web page/],
      ['notes, ünïcode', /text file/],
      ['%PDF-1.7', /PDF document/],
      ['PK\x03\x04', /archive/],
      [Buffer.from([1, 2, 3, 0, 254, 255]), /no image that can be read here/],
      [Buffer.from([0xff]), /no image/],
      ['8BPS', /Photoshop/],
    ];
    for (const [bytes, expected] of cases) {
      const { problem = '' } = check(Buffer.from(bytes));
      assert.match(problem, expected);
      assert.match(problem, /(?:Choose|Save|Download|Unpack)[^.]*\.$/, 'says what to do');
      assert.doesNotMatch(problem, /byte|buffer|magic/i);
    }
  });

  it('too large a file is told with its size and the limit', () => {
    const { problem } = check(Buffer.alloc(3 * 2 ** 20 + 1), 2 ** 20);
    assert.match(problem ?? '', /has 3\.1 MB; at most 1 MB/);
  });
});
