// Draws the notebooks' diagrams, and puts them into the notebooks. Run from the project's root after a change: npx tsx
// notebooks/images/draw.ts
import * as fs from 'node:fs';
import * as path from 'node:path';
import { attachImages } from './attach-images';
import { arrow, box, cell, diagram, scene, text } from '../../lib/notebook/diagram';

const QUESTION = 'how many dogs are there?';
const CAPTION = 'two dogs play with a red ball';

function tasks(): string {
  const width = 290,
    gap = 15;
  const parts = ['Image captioning', 'Visual question answering', 'Text-image retrieval'].map((title, index) => {
    const left = gap + index * (width + gap),
      middle = left + width / 2;
    return [
      `<rect x="${left}" y="15" width="${width}" height="330" rx="10" fill="#f8fafc" stroke="#e2e8f0"/>`,
      text(middle, 42, title, { size: 16, bold: true }),
      scene(middle - 75, 56, 150),
    ].join('\n');
  });
  const middle = (index: number): number => gap + index * (width + gap) + width / 2;
  parts.push(
    arrow([
      [middle(0), 174],
      [middle(0), 250],
    ]),
    text(middle(0) + 10, 216, 'describe it', { muted: true, size: 12.5, anchor: 'start' }),
    box(middle(0) - 132, 254, 264, 50, 'decoder', CAPTION),
    text(middle(0), 330, 'image in, sentence out', { muted: true, size: 12.5 }),
  );
  parts.push(
    box(middle(1) - 132, 184, 264, 34, 'encoder', QUESTION),
    arrow([
      [middle(1), 222],
      [middle(1), 250],
    ]),
    box(middle(1) - 132, 254, 264, 50, 'decoder', '2'),
    text(middle(1), 330, 'image and question in, answer out', { muted: true, size: 12.5 }),
  );
  const sentences = [
    ['a snowman in the park', '0.02'],
    ['two dogs at the beach', '0.97'],
    ['a house in the street', '0.01'],
  ];
  sentences.forEach(([sentence, score], index) => {
    const y = 190 + index * 40,
      best = index === 1;
    parts.push(
      box(middle(2) - 132, y, 208, 32, best ? 'decoder' : 'data', sentence),
      text(middle(2) + 106, y + 21, score, { mono: true, bold: best, size: 14 }),
    );
  });
  parts.push(text(middle(2), 330, 'which sentence fits?', { muted: true, size: 12.5 }));
  return diagram(
    930,
    360,
    'Three tasks of vision-language models: captioning, visual question answering, text-image retrieval',
    parts,
  );
}

/**
 * Which parts work together in each mode: `embeddings` from the image reach text through cross-attention, or do not.
 */
function modes(): string {
  const [width, gap, part, height] = [290, 15, 118, 62];
  const modeOf = [
    { title: 'Unimodal encoders', text: 'text encoder', role: 'encoder', result: 'how close are the vectors?' },
    { title: 'Image-grounded encoder', text: 'text encoder', role: 'encoder', result: 'do they belong together?' },
    { title: 'Image-grounded decoder', text: 'text decoder', role: 'decoder', result: 'which token comes next?' },
  ] as const;
  const parts = modeOf.map(({ title, text: name, role, result }, index) => {
    const left = gap + index * (width + gap);
    const [image, words] = [left + 15, left + width - 15 - part];
    const middle = 120 + height / 2;
    return [
      `<rect x="${left}" y="15" width="${width}" height="275" rx="10" fill="#f8fafc" stroke="#e2e8f0"/>`,
      text(left + width / 2, 42, title, { size: 16, bold: true }),
      scene(image + 24, 56, 70),
      text(words + part / 2, 84, index === 2 ? '[DEC] two dogs' : 'two dogs play', { size: 13, mono: true }),
      arrow([
        [words + part / 2, 92],
        [words + part / 2, 116],
      ]),
      box(image, 120, part, height, 'vision', 'vision model'),
      box(words, 120, part, height, role, name, index === 0 ? 'sees no image' : 'cross-attention'),
      ...(index === 0
        ? [
            arrow([
              [image + part / 2, 120 + height],
              [image + part / 2, 232],
            ]),
          ]
        : [
            arrow([
              [image + part, middle],
              [words - 4, middle],
            ]),
          ]),
      arrow([
        [words + part / 2, 120 + height],
        [words + part / 2, 232],
      ]),
      box(left + 15, 236, width - 30, 38, 'data', result),
    ].join('\n');
  });
  return diagram(
    930,
    305,
    "BLIP's three modes: encoders of image and text apart, a text encoder that looks at the image, a text decoder " +
      'that looks at the image',
    parts,
  );
}

/** Image -> pixel_values -> vision model -> image embeddings; shared by both pipelines. */
function imageRow(y: number): string[] {
  return [
    scene(20, y - 38, 100),
    arrow([
      [126, y],
      [156, y],
    ]),
    box(160, y - 38, 150, 76, 'data', 'preprocess', 'RGB, square, bicubic,', 'normalize'),
    arrow([
      [312, y],
      [422, y],
    ]),
    text(364, y - 25, 'pixel_values', { size: 12, mono: true }),
    text(364, y - 10, '[1, 3, H, W]', { size: 11, mono: true, muted: true }),
    box(426, y - 38, 150, 76, 'vision', 'vision model', 'Vision Transformer,', 'once per image'),
  ];
}

/** The decoder with its loop, and what comes out; `left` and `y` are the box's left edge and middle. */
function decoderLoop(left: number, y: number, start: string, tokens: string, result: string): string[] {
  const right = left + 160;
  return [
    box(left, y - 46, 160, 92, 'decoder', 'text decoder', 'one token per step,', 'cache inside'),
    text(left + 80, y + 98, start, { size: 12.5, mono: true }),
    text(left + 80, y + 114, 'begin token', { size: 11.5, muted: true }),
    arrow([
      [left + 80, y + 82],
      [left + 80, y + 50],
    ]),
    arrow([
      [right, y],
      [right + 46, y],
    ]),
    text(right + 110, y - 2, tokens, { size: 12.5, mono: true }),
    text(right + 110, y + 15, 'likeliest token', { size: 11.5, muted: true }),
    arrow(
      [
        [right + 110, y - 20],
        [right + 110, y - 82],
        [left + 80, y - 82],
        [left + 80, y - 50],
      ],
      true,
    ),
    text(right + 15, y - 89, 'feed back, until [SEP]', { size: 12, muted: true }),
    arrow([
      [right + 110, y + 24],
      [right + 110, y + 56],
    ]),
    text(right + 110, y + 76, result, { size: 14, bold: true }),
  ];
}

function captioning(): string {
  const y = 118;
  return diagram(1060, 250, 'Image captioning: preprocess, vision model, text decoder in a loop', [
    ...imageRow(y),
    arrow([
      [578, y],
      [682, y],
    ]),
    text(628, y - 25, 'image', { size: 12.5 }),
    text(628, y - 10, 'embeddings', { size: 12.5 }),
    ...decoderLoop(686, y, '[DEC]', 'two, dogs, …', '“two dogs play …”'),
  ]);
}

function answering(): string {
  const top = 62,
    bottom = 222;
  return diagram(
    1060,
    352,
    'Visual question answering: the text encoder reads the question and looks at the image; the decoder writes ' +
      'the answer',
    [
      ...imageRow(top),
      arrow([
        [501, top + 40],
        [501, bottom - 50],
      ]),
      text(512, top + 66, 'image embeddings', { size: 12.5, anchor: 'start' }),
      text(512, top + 84, 'for its cross-attention', { size: 11.5, muted: true, anchor: 'start' }),
      text(70, bottom - 12, 'how many', { size: 13.5, bold: true }),
      text(70, bottom + 5, 'dogs are', { size: 13.5, bold: true }),
      text(70, bottom + 22, 'there?', { size: 13.5, bold: true }),
      arrow([
        [130, bottom],
        [156, bottom],
      ]),
      box(160, bottom - 38, 150, 76, 'data', 'tokenize', 'word pieces between', '[CLS] and [SEP]'),
      arrow([
        [312, bottom],
        [422, bottom],
      ]),
      text(364, bottom - 25, 'input_ids', { size: 12, mono: true }),
      text(364, bottom - 10, '[1, length]', { size: 11, mono: true, muted: true }),
      box(426, bottom - 46, 150, 92, 'encoder', 'text encoder', 'self-attention and', 'cross-attention'),
      arrow([
        [578, bottom],
        [682, bottom],
      ]),
      text(628, bottom - 25, 'question', { size: 12.5 }),
      text(628, bottom - 10, 'embeddings', { size: 12.5 }),
      ...decoderLoop(686, bottom, '[DEC]', '2, [SEP]', '“2”'),
    ],
  );
}

function kvCache(): string {
  const tokens = ['[DEC]', 'two', 'dogs', 'play'];
  const cellWidth = 64,
    left = 250;
  const parts = [
    text(20, 36, 'A decoder step reads one new token and keeps the keys and values of all earlier ones', {
      size: 16,
      bold: true,
      anchor: 'start',
    }),
    text(107, 72, 'new token', { size: 13, muted: true }),
    text(left + 2.5 * cellWidth, 72, 'self-attention keys and values', { size: 13, muted: true }),
    text(707, 72, 'cross-attention', { size: 13, muted: true }),
    text(883, 72, 'likeliest', { size: 13, muted: true }),
  ];
  tokens.slice(0, 3).forEach((token, step) => {
    const y = 90 + step * 70,
      middle = y + 18;
    parts.push(
      text(22, middle + 5, `step ${step + 1}`, { size: 13, bold: true, anchor: 'start' }),
      cell(75, y, 64, 36, 'decoder', token),
      arrow([
        [141, middle],
        [left - 8, middle],
      ]),
    );
    parts.push(text((141 + left) / 2 - 4, middle - 8, 'append', { size: 12, muted: true }));
    for (let past = 0; past < 5; past++) {
      const x = left + past * cellWidth;
      if (past < step) parts.push(cell(x, y, cellWidth - 6, 36, 'cache', tokens[past]));
      else if (past === step) parts.push(cell(x, y, cellWidth - 6, 36, 'decoder', token));
      else parts.push(cell(x, y, cellWidth - 6, 36, 'cache', '', true));
    }
    parts.push(
      arrow([
        [left + 5 * cellWidth, middle],
        [left + 5 * cellWidth + 48, middle],
      ]),
    );
    parts.push(box(left + 5 * cellWidth + 52, y - 4, 170, 46, 'vision', 'embeddings', 'looked at as they are'));
    parts.push(
      arrow([
        [794, middle],
        [846, middle],
      ]),
      cell(850, y, 66, 36, 'decoder', tokens[step + 1], true),
    );
    if (step < 2)
      parts.push(
        arrow(
          [
            [883, y + 38],
            [883, y + 47],
            [107, y + 47],
            [107, y + 66],
          ],
          true,
        ),
      );
  });
  const y = 300;
  parts.push(
    cell(75, y, 26, 20, 'decoder', ''),
    text(110, y + 15, 'computed in this step', { size: 12.5, muted: true, anchor: 'start' }),
    cell(290, y, 26, 20, 'cache', ''),
    text(325, y + 15, 'kept as state inside the model; beam_idx reorders its rows', {
      size: 12.5,
      muted: true,
      anchor: 'start',
    }),
  );
  return diagram(
    940,
    336,
    'The decoder keeps keys and values of earlier tokens as state; cross-attention looks at the embeddings and ' +
      'keeps nothing',
    parts,
  );
}

const drawings = {
  tasks: tasks(),
  modes: modes(),
  'captioning-pipeline': captioning(),
  'vqa-pipeline': answering(),
  'kv-cache': kvCache(),
};
for (const [name, svg] of Object.entries(drawings)) fs.writeFileSync(path.join(__dirname, `${name}.svg`), svg);
const notebooks = fs.readdirSync(path.dirname(__dirname)).filter((name) => name.endsWith('.ipynb'));
void Promise.all(notebooks.map((name) => attachImages(path.join(path.dirname(__dirname), name), drawings)));
