// An image with the model's output above and below it, as one PNG: composed with jimp. It is read as the processor
// reads it, so every format works and it is upright.
import { checkArguments } from '../core/check-arguments';
import { loadSharp } from '../core/load-sharp';
import { loadRgb, type ImageSource } from '../preprocessing';
import { loadPackage } from './load-package';
import { display, escapeHTML } from './notebook';

export interface Figure {
  /** A path, a URL, an encoded file in memory, or a sharp pipeline. */
  readonly image: ImageSource;
  readonly title?: string;
  readonly caption?: string;
  /** A line below the image, without a label. */
  readonly note?: string;
  readonly question?: string;
  readonly answer?: string;
}

/** Drawn at twice its displayed size, for dense screens. */
const SCALE = 2;
const SHOWN_WIDTH = 360;
const MARGIN = 12 * SCALE;
const LINE_GAP = 4 * SCALE;
const WHITE = 0xffffffff;

/**
 * Composes figures side by side and returns a PNG.
 * @throws {NotebookPackageError} when jimp is not installed
 */
export async function figures(list: readonly Figure[]): Promise<Buffer> {
  checkArguments('figures', { list: [list, 'list'] });
  for (const figure of list) checkArguments('figures', { 'a figure': [figure, ['image']] });
  const sharp = loadSharp();
  const { Jimp, loadFont, measureTextHeight } = loadPackage('jimp', (require): typeof import('jimp') =>
    require('jimp'),
  );
  // jimp's bitmap fonts: the same on every machine, whatever fonts it has.
  const { SANS_32_BLACK } = loadPackage('jimp', (require): { SANS_32_BLACK: string } => require('jimp/fonts'));
  const font = await loadFont(SANS_32_BLACK);
  const width = SHOWN_WIDTH * SCALE;
  const columns = await Promise.all(
    list.map(async (figure) => {
      const { data, ...size } = await loadRgb(figure.image);
      const png = await sharp(data, { raw: { ...size, channels: 3 } })
        .resize({ width })
        .png()
        .toBuffer();
      const lines = textLines(figure)
        .map((line) => printable(line, font.chars))
        .map((text) => ({ text, height: measureTextHeight(font, text, width) + LINE_GAP }));
      return {
        picture: await Jimp.read(png),
        lines,
        above: figure.title ? lines.slice(0, 1) : [],
        below: figure.title ? lines.slice(1) : lines,
      };
    }),
  );
  const sum = (lines: readonly { height: number }[]): number => lines.reduce((total, { height }) => total + height, 0);
  const top = Math.max(...columns.map(({ above }) => sum(above)));
  const height = top + Math.max(...columns.map(({ picture, below }) => picture.height + sum(below))) + 3 * MARGIN;
  const canvas = new Jimp({ width: columns.length * (width + MARGIN) + MARGIN, height, color: WHITE });
  columns.forEach(({ picture, above, below }, index) => {
    const x = MARGIN + index * (width + MARGIN);
    let y = MARGIN;
    for (const { text } of above) canvas.print({ font, x, y, text, maxWidth: width });
    y += top;
    canvas.composite(picture, x, y);
    y += picture.height + MARGIN / 2;
    for (const line of below) {
      canvas.print({ font, x, y, text: line.text, maxWidth: width });
      y += line.height;
    }
  });
  return canvas.getBuffer('image/png');
}

/**
 * Shows a figure in the notebook.
 *
 * @example
 * await showFigure({ image: 'data/pictures/demo.jpg', question: 'how many dogs are there?', answer: '2' });
 */
export async function showFigure(...list: readonly Figure[]): Promise<void> {
  const png = await figures(list);
  const webp = await loadSharp()(png).webp({ quality: 90 }).toBuffer();
  const text = list.map((figure) => textLines(figure).join('\n')).join('\n');
  const alt = escapeHTML(text || 'an image').replace(/\n/g, ' ');
  const width = list.length * SHOWN_WIDTH;
  const source = `data:image/webp;base64,${webp.toString('base64')}`;
  display(
    {
      'text/plain': text,
      'text/html': `<img alt="${alt}" style="max-width:100%;width:${width}px;border-radius:12px" src="${source}">`,
      'image/png': png.toString('base64'),
    },
    { width },
  );
}

/**
 * The font has Latin letters only; a character without a glyph would be measured as nothing and push the line over the
 * edge.
 */
function printable(line: string, glyphs: Readonly<Record<string, unknown>>): string {
  const plain = line
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\u2026/g, '...');
  return Array.from(plain, (character) => (character === ' ' || character in glyphs ? character : '?')).join('');
}

function textLines({ title, caption, note, question, answer }: Figure): string[] {
  return [
    title,
    note,
    caption && `Caption: ${caption}`,
    question && `Question: ${question}`,
    answer && `Answer: ${answer}`,
  ].filter((line): line is string => Boolean(line));
}
