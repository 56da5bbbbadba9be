// What an image may cost: sizes beyond the limits are refused from the header, the largest image that is allowed stays
// small in memory, and damaged images end in pixels or in a named error.
//
// Measured (Node 20, Linux; peak of the whole process, of which 90 MB are Node and tsx): 13377 x 13377 pixels as a
// 1-bit PNG 240 MB, as RGB 260 MB, as RGBA of 16 bits 520 MB; 8192 x 6144 pixels as JPEG 250 MB, progressive 400 MB,
// WebP 480 MB, AVIF 820 MB, GIF 300 MB.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { ImageError, loadRgb } from '../../lib/preprocessing';

const FOLDER = path.join(__dirname, '..', 'fixtures', 'images');
const read = (name: string): Buffer => fs.readFileSync(path.join(FOLDER, name));
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'image-limits-'));
after(() => fs.rmSync(temporary, { recursive: true }));

/** A PNG of one bit a pixel, all white. */
function whitePng(width: number, height: number): Buffer {
  const chunk = (name: string, data: Uint8Array): Buffer => {
    const content = Buffer.concat([Buffer.from(name, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(zlib.crc32(content), 4);
    return Buffer.concat([frame.subarray(0, 4), content, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const row = Buffer.alloc(1 + Math.ceil(width / 8), 0xff);
  row[0] = 0; // no filter
  const rows = Buffer.alloc(row.length * height, row);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

describe('limits', () => {
  it('a PNG of 16383 x 16383 pixels in 55 kB is refused from its header, as PIL refuses it', async () => {
    const bytes = whitePng(16_383, 16_383);
    assert.ok(bytes.length < 60_000, `${bytes.length} bytes`);
    const before = process.memoryUsage().rss;
    await assert.rejects(loadRgb(bytes), {
      name: 'ImageError',
      message: /16383 x 16383 pixels.*limit is 178956970.*Shrink it first/,
    });
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });

  it('the largest image that is allowed: right, and small in memory', { timeout: 300_000 }, async (context) => {
    const file = path.join(temporary, 'white.png');
    fs.writeFileSync(file, whitePng(13_377, 13_377));
    const script = path.join(temporary, 'resize.ts');
    const lib = JSON.stringify(path.join(__dirname, '..', '..', 'lib', 'preprocessing'));
    fs.writeFileSync(
      script,
      `const { preprocessImage } = require(${lib});
       const { parsePreprocessorConfig } = require(${lib} + '/preprocessor-config');
       const config = parsePreprocessorConfig({ do_normalize: false }, 'test');
       const image = preprocessImage(${JSON.stringify(file)}, config);
       image.then(({ dims, data }: { dims: number[]; data: Float32Array }) => {
         const peak = process.resourceUsage().maxRSS / 1024;
         console.log(JSON.stringify({ dims, white: data.every((value) => value === 1), peak }));
       });`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { cwd: process.cwd() });
    const { dims, white, peak } = JSON.parse(stdout);
    context.diagnostic(`peak ${Math.round(peak)} MB`);
    assert.deepEqual([dims, white], [[1, 3, 384, 384], true]);
    assert.ok(peak < 700, `${peak} MB`); // 537 MB as RGB alone
  });

  /** Where a header says how large the image is, and what it says then. */
  const claims: [file: string, change: (bytes: Buffer) => void][] = [
    [
      'jpg-420.jpg',
      (bytes) =>
        bytes.fill(0xff, bytes.indexOf(Buffer.from('ffc0', 'hex')) + 5, bytes.indexOf(Buffer.from('ffc0', 'hex')) + 9),
    ],
    ['gif-plain.gif', (bytes) => bytes.fill(0xff, 6, 10)],
    ['webp-animated.webp', (bytes) => bytes.fill(0xff, bytes.indexOf('VP8X') + 12, bytes.indexOf('VP8X') + 18)],
    ['bmp-24.bmp', (bytes) => bytes.writeUInt32LE(0x7fff_ffff, 18)],
    ['bmp-rle8.bmp', (bytes) => bytes.writeUInt32LE(0x7fff_ffff, 22)],
    [
      'tif-rgb8-le.tif',
      (bytes) => bytes.writeUInt32LE(0x7fff_ffff, bytes.indexOf(Buffer.from('0001040001000000', 'hex')) + 8),
    ],
    ['avif-420-full-rgb.avif', (bytes) => bytes.fill(0x7f, bytes.indexOf('ispe') + 8, bytes.indexOf('ispe') + 16)],
  ];
  for (const [file, change] of claims)
    it(`${file} that claims to be huge`, async () => {
      const bytes = read(file);
      change(bytes);
      const before = process.memoryUsage().rss;
      await assert.rejects(loadRgb(bytes), ImageError);
      assert.ok(process.memoryUsage().rss - before < 200 * 2 ** 20);
    });

  it('compressed text in a PNG that unpacks to 400 MB is not unpacked', async () => {
    const png = read('png-2-8.png');
    const bomb = zlib.deflateSync(Buffer.alloc(8 * 2 ** 20));
    const content = Buffer.concat([Buffer.from('zTXtRaw profile type exif\0\0', 'latin1'), bomb]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length - 4);
    check.writeUInt32BE(zlib.crc32(content));
    const chunk = Buffer.concat([length, content, check]);
    const many = Array.from({ length: 50 }, () => chunk);
    const image = await loadRgb(Buffer.concat([png.subarray(0, 33), ...many, png.subarray(33)]));
    assert.deepEqual([image.width, image.height], [17, 11]);
  });
});

let seed = 20;
function random(limit: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed >>> 8) % limit;
}

/** One of several kinds of damage. */
function damage(bytes: Buffer): Buffer {
  const at = random(bytes.length);
  const some = (): Buffer => Buffer.from(Array.from({ length: 1 + random(40) }, () => random(256)));
  switch (random(7)) {
    case 0:
      bytes[at] ^= 1 << random(8);
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), some(), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(40))]);
    case 4:
      return bytes.fill(random(2) * 255, at, Math.min(bytes.length, at + 1 + random(100)));
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
    default: {
      for (let i = 0; i < 4; i++)
        bytes[random(Math.min(bytes.length, 120))] = [0, 1, 127, 128, 255, random(256)][random(6)];
      return bytes;
    }
  }
}

describe('damaged images', () => {
  const ROUNDS = 500;
  const files = fs.readdirSync(FOLDER).filter((name) => !name.endsWith('.json'));
  const byFormat = ['jpg', 'png', 'webp', 'gif', 'tif', 'avif', 'bmp'].map((end) =>
    files.filter((name) => name.endsWith(`.${end}`)),
  );

  it(`${ROUNDS} of all formats: pixels or an ImageError, soon`, { timeout: 600_000 }, async (context) => {
    const counts = { pixels: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const group = byFormat[round % byFormat.length];
      const file = group[random(group.length)];
      const bytes = damage(read(file));
      const start = performance.now();
      try {
        const { data, width, height } = await loadRgb(bytes);
        assert.equal(data.length, width * height * 3);
        counts.pixels++;
      } catch (error) {
        assert.ok(error instanceof ImageError, `round ${round}, ${file}: ${error}`);
        assert.ok(error.message.includes('image in memory') && error.message.length < 800, error.message);
        counts.refused++;
      }
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds < 60, `round ${round}, ${file}: ${seconds} s`);
    }
    context.diagnostic(JSON.stringify(counts));
    assert.ok(counts.pixels > 50 && counts.refused > 100);
  });
});
