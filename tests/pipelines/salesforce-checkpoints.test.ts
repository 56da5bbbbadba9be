// The published checkpoints against the token ids that Hugging Face's own tests expect of them, for the picture that
// those use. Opt-in, for it downloads 2.5 GB (or finds it in the hub's cache): set BLIP_DEMO_IMAGE to Salesforce's
// demo.jpg (a woman and her dog on a beach; https://storage.googleapis.com/sfr-vision-language-research/BLIP/demo.jpg),
// a path or an address, and run
//   BLIP_DEMO_IMAGE=demo.jpg node --import tsx --test tests/pipelines/salesforce-checkpoints.test.ts
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { BlipProcessor, convertBlip, loadCheckpoint, OVBlipMatcher, OVBlipModel } from '../../lib';

const picture = process.env.BLIP_DEMO_IMAGE;
const skip = picture ? false : 'BLIP_DEMO_IMAGE is not set';
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-salesforce-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

/** Converted in FP32 and run in f32, as PyTorch does. */
const properties = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };

async function convert(id: string): Promise<{ folder: string; processor: BlipProcessor }> {
  const checkpoint = await loadCheckpoint(id);
  const { folder } = await convertBlip(checkpoint, path.join(work, path.basename(id)), { compress_to_fp16: false });
  checkpoint.close();
  return { folder, processor: await BlipProcessor.fromCheckpoint(folder) };
}

async function open(id: string): Promise<{ model: OVBlipModel; processor: BlipProcessor }> {
  const { folder, processor } = await convert(id);
  return { model: await OVBlipModel.load(folder, { properties }), processor };
}

describe('published checkpoints write what Hugging Face expects', { skip }, () => {
  it('blip-image-captioning-base, with and without a prompt', async () => {
    const { model, processor } = await open('Salesforce/blip-image-captioning-base');
    const image_embeds = await model.encodeImage({ pixel_values: await processor.image(picture ?? '') });
    const [caption] = await model.generateCaption({ image_embeds });
    assert.deepEqual(caption, [30522, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102]);
    assert.equal(processor.decode(caption), 'a woman sitting on the beach with her dog');
    const [prompted] = await model.generateCaption({ image_embeds, ...processor.text('a picture of') });
    assert.deepEqual(prompted, [30522, 1037, 3861, 1997, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102]);
    model.dispose();
  });

  it('blip-vqa-base', async () => {
    const { model, processor } = await open('Salesforce/blip-vqa-base');
    const pixel_values = await processor.image(picture ?? '');
    const [answer] = await model.generateAnswer({
      pixel_values,
      ...processor.text('how many dogs are in the picture?'),
    });
    assert.deepEqual(answer, [30522, 1015, 102]);
    assert.equal(processor.decode(answer), '1');
    model.dispose();
  });

  it('blip-itm-base-coco', async () => {
    const { folder, processor } = await convert('Salesforce/blip-itm-base-coco');
    const matcher = await OVBlipMatcher.load(folder, { properties });
    const pixel_values = await processor.image(picture ?? '');
    const [score] = await matcher.match({ pixel_values, ...processor.text('A woman and her dog sitting in a beach') });
    assert.ok(Math.abs(score - 0.9971) < 1e-3, `${score}`); // their tolerance
    matcher.dispose();
  });
});
