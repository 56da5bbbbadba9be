// Images against HF's BlipImageProcessorPil (transformers 5.23, Pillow 13; tests/fixtures/make_preprocessing.py), on
// the 0..255 scale.
//
// Decoders that are exact by definition (PNG, GIF, lossless WebP, TIFF) and the resize must be equal to the bit. JPEG
// and lossy WebP leave the decoder freedom (inverse DCT, chroma upsampling): every value within 1 of HF's, 0.2 on
// average.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { ImageError, preprocessImage, type PixelValues, type PreprocessorConfig } from '../../lib/preprocessing';
import { preprocessImages } from '../../lib/preprocessing/image';
import { parsePreprocessorConfig } from '../../lib/preprocessing/preprocessor-config';
import type { DecodeOptions } from '../../lib/preprocessing/decode-image';
import { resample } from '../../lib/preprocessing/resample';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'preprocessing');
const image = (name: string): string => path.join(FIXTURES, 'images', name);
const MAX_DIFFERENCE = 1,
  MEAN_DIFFERENCE = 0.2;

interface Case {
  file: string;
  kind: 'white' | 'drop' | 'tutorial';
  height: number;
  width: number;
  offset: number;
}
const cases: Case[] = JSON.parse(fs.readFileSync(path.join(FIXTURES, 'expected.json'), 'utf8'));
const expected = fs.readFileSync(path.join(FIXTURES, 'expected.bin'));
const OPTIONS: Record<Case['kind'], DecodeOptions> = {
  white: {},
  drop: { alpha: 'drop' },
  tutorial: { exif_transpose: false, alpha: 'drop' },
};
const LOSSY = /\.jpg$|^(lossy|rgba)\.webp$/;

const configFor = (height: number, width: number): PreprocessorConfig =>
  parsePreprocessorConfig({ size: { height, width } }, 'test');

/** pixel_values back on the 0..255 scale. */
function toBytes({ data, dims }: PixelValues, { image_mean, image_std }: PreprocessorConfig): number[] {
  const area = dims[2] * dims[3];
  return Array.from(
    data,
    (value, index) => (value * image_std[Math.floor(index / area)] + image_mean[Math.floor(index / area)]) * 255,
  );
}

function compare(actual: readonly number[], reference: Uint8Array): { max: number; mean: number } {
  assert.equal(actual.length, reference.length);
  let max = 0,
    sum = 0;
  actual.forEach((value, index) => {
    const difference = Math.abs(value - reference[index]);
    max = Math.max(max, difference);
    sum += difference;
  });
  return { max, mean: sum / actual.length };
}

for (const { file, kind, height, width, offset } of cases) {
  test(`${file} -> ${width} x ${height}, ${kind}`, async (context) => {
    const config = configFor(height, width);
    const pixels = await preprocessImage(image(file), config, OPTIONS[kind]);
    assert.deepEqual(pixels.dims, [1, 3, height, width]);
    const { max, mean } = compare(toBytes(pixels, config), expected.subarray(offset, offset + 3 * height * width));
    context.diagnostic(`largest ${max.toFixed(3)}, mean ${mean.toFixed(4)}`);
    const rounding = 1e-3; // of normalizing and back in f32
    assert.ok(max <= (LOSSY.test(file) ? MAX_DIFFERENCE : 0) + rounding, `largest difference ${max}`);
    assert.ok(mean <= MEAN_DIFFERENCE, `mean difference ${mean}`);
  });
}

test("normalized values equal HF's f32 to the bit", async () => {
  const bytes = fs.readFileSync(path.join(FIXTURES, 'pixel_values.f32'));
  const reference = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  assert.deepEqual((await preprocessImage(image('rgb.png'), configFor(48, 48))).data, reference);
});

test('every PIL filter, shrinking and enlarging, equal to the bit', async () => {
  const { data, info } = await sharp(image('noise.png')).raw().toBuffer({ resolveWithObject: true });
  const reference = fs.readFileSync(path.join(FIXTURES, 'filters.bin'));
  let offset = 0;
  for (const filter of ['lanczos', 'bilinear', 'bicubic', 'box', 'hamming', 'nearest'] as const)
    for (const [width, height] of [
      [24, 20],
      [90, 77],
    ]) {
      const result = resample({ data, width: info.width, height: info.height }, width, height, filter);
      assert.ok(
        Buffer.from(result.data).equals(reference.subarray(offset, (offset += width * height * 3))),
        `${filter} to ${width} x ${height}`,
      );
    }
  assert.equal(offset, reference.length);
});

test('a path, URLs, bytes, what the web’s interfaces give, and a sharp pipeline give the same values', async () => {
  const file = image('rgb.png');
  const bytes = fs.readFileSync(file);
  const config = configFor(20, 24);
  const reference = (await preprocessImage(file, config)).data;
  const server = http.createServer((request, response) => {
    const isPage = /\/blob\//.test(request.url ?? '');
    if (isPage) response.setHeader('content-type', 'text/html; charset=utf-8');
    else if (request.url !== '/rgb.png') response.statusCode = 404;
    response.end(isPage ? '<!doctype html><img src="rgb.png">' : bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const url = `http://127.0.0.1:${address.port}`;
    for (const source of [
      pathToFileURL(file),
      pathToFileURL(file).href,
      bytes,
      new Uint8Array(bytes),
      new Uint8Array(bytes).buffer,
      new Blob([bytes]),
      new File([bytes], 'upload.png'),
      await (await fetch(`${url}/rgb.png`)).blob(),
      `data:image/png;base64,${bytes.toString('base64')}`,
      `${url}/rgb.png`,
      new URL(`${url}/rgb.png`),
      sharp(file),
    ])
      assert.deepEqual((await preprocessImage(source, config)).data, reference);
    for (const [source, named] of [
      [new File(['no image'], 'upload.png'), 'upload.png'],
      [new Blob(['no image']), 'image in memory (8 bytes)'],
      [new ArrayBuffer(3), 'image in memory (3 bytes)'],
    ] as const)
      await assert.rejects(
        preprocessImage(source, config),
        (error) => error instanceof ImageError && error.message.startsWith(`${named}: `),
      );
    for (const [page, file] of [
      ['/datasets/me/images/blob/main/rgb.png', '/datasets/me/images/resolve/main/rgb.png'],
      ['/me/images/-/blob/main/rgb.png', '/me/images/-/raw/main/rgb.png'],
    ])
      await assert.rejects(
        preprocessImage(`${url}${page}`, config),
        (error) => error instanceof ImageError && error.message.includes(`Did you mean ${url}${file}?`),
      );
    await assert.rejects(preprocessImage('~/rgb.png', config), /Only a shell expands "~"/);
    await assert.rejects(preprocessImage('www.example.org/rgb.png', config), /write https:\/\/www\.example\.org/);
    await assert.rejects(
      preprocessImage(`${url}/none.png`, config),
      (error) => error instanceof ImageError && error.message.includes('/none.png') && error.message.includes('404'),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a sharp pipeline keeps its own steps and can be used again', async () => {
  const pipeline = sharp(image('rgb.png')).extract({ left: 3, top: 5, width: 20, height: 30 });
  const config = configFor(30, 20);
  const { data } = await sharp(image('rgb.png'))
    .extract({ left: 3, top: 5, width: 20, height: 30 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let run = 0; run < 2; run++) {
    const values = toBytes(await preprocessImage(pipeline, config), config);
    const planar = Array.from({ length: data.length }, (_, index) => data[(index % 600) * 3 + Math.floor(index / 600)]);
    assert.ok(compare(values, Uint8Array.from(planar)).max < 1e-3);
  }
});

test('broken images: the error names the source, what was got and what to do', async () => {
  const config = configFor(20, 24);
  const photo = fs.readFileSync(image('photo.jpg'));
  const rejects = (source: string | Uint8Array, ...parts: string[]): Promise<void> =>
    assert.rejects(preprocessImage(source, config), (error) => {
      assert.ok(error instanceof ImageError);
      for (const part of parts) assert.ok(error.message.includes(part), `"${error.message}" should mention "${part}"`);
      assert.ok(error.message.length < 600, 'short enough to read');
      return true;
    });
  await rejects('no/such/image.jpg', 'no/such/image.jpg', 'ENOENT', 'relative to');
  await rejects(image('phot.jpg'), 'phot.jpg', 'Did you mean', 'photo.jpg?');
  await rejects('x'.repeat(5000), 'ENAMETOOLONG');
  await rejects(image('../texts.json'), 'texts.json', 'text file', 'Expected a JPEG, PNG');
  await rejects(new Uint8Array(0), 'empty', 'Expected a JPEG, PNG');
  await rejects(photo.subarray(0, photo.length / 2), 'image in memory', 'JPEG', 'cut short', 'download it again');
  await rejects(fs.readFileSync(image('rgb.png')).subarray(0, 400), 'image in memory', 'PNG', 'cut short');
  await rejects('data:image/png;base64', 'not a data URL');
  await rejects('ftp://127.0.0.1/x.png', 'ftp', 'http, https, file or data');
  await rejects('file:///x%zz', 'not a file URL');
  await rejects(FIXTURES, 'is a folder', 'captionFolder');
});

test('one image of a list that cannot be read: its place and its file are named', async () => {
  const sources = [image('rgb.png'), image('photo.jpg'), 'missing.jpg', image('rgb.png')];
  await assert.rejects(preprocessImages(sources, configFor(20, 24)), {
    name: 'ImageError',
    message: /^Image 3 of 4: missing\.jpg: .*ENOENT/,
  });
  const { dims, data } = await preprocessImages([image('rgb.png'), image('photo.jpg')], configFor(20, 24));
  assert.deepEqual(dims, [2, 3, 20, 24]);
  assert.deepEqual(data.subarray(data.length / 2), (await preprocessImage(image('photo.jpg'), configFor(20, 24))).data);
});

test('what is no image, and options that do not exist, are named', async () => {
  const config = configFor(20, 24);
  for (const [source, got] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [{}, 'a Object'],
    [[image('rgb.png')], 'a Array'],
  ] as const)
    await assert.rejects(Reflect.apply(preprocessImage, undefined, [source, config]), {
      name: 'ImageError',
      message: new RegExp(`^The image is ${got}, expected a path`),
    });
  for (const [options, message] of [
    [{ rotate: 90 }, /"rotate" is not implemented. Implemented: exif_transpose, alpha/],
    [{ alpha: 'black' }, /"alpha" is "black". Expected "white" or "drop"/],
    [{ exif_transpose: 'no' }, /"exif_transpose" is "no". Expected true or false/],
  ] as const)
    await assert.rejects(Reflect.apply(preprocessImage, undefined, [image('rgb.png'), config, options]), {
      name: 'OptionsError',
      message,
    });
});
