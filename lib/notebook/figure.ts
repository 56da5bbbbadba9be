// An image with the model's output above and below it: as HTML, whose text has the page's colors, and as one PNG,
// composed with jimp. It is read as the processor reads it, so every format works and it is upright.
import { checkArguments } from '../core/check-arguments';
import { loadSharp } from '../core/load-sharp';
import { loadRgb, type ImageSource, type RgbImage } from '../preprocessing';
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
const WEBP_QUALITY = 90;

/**
 * Composes figures side by side and returns a PNG.
 * @throws {NotebookPackageError} when jimp is not installed
 */
export async function figures(list: readonly Figure[]): Promise<Buffer> {
  return compose(await readFigures('figures', list));
}

/** With the pixels, [height, width, 3]. */
interface ReadFigure extends Figure {
  readonly rgb: RgbImage;
}

async function readFigures(call: string, list: readonly Figure[]): Promise<ReadFigure[]> {
  checkArguments(call, { list: [list, 'list'] });
  for (const figure of list) checkArguments(call, { 'a figure': [figure, ['image']] });
  loadJimp(); // says that it is missing before an image is fetched
  return Promise.all(list.map(async (figure) => ({ ...figure, rgb: await loadRgb(figure.image) })));
}

async function compose(list: readonly ReadFigure[]): Promise<Buffer> {
  const sharp = loadSharp();
  const { Jimp, loadFont, measureTextHeight, SANS_32_BLACK } = loadJimp();
  const font = await loadFont(SANS_32_BLACK);
  const width = SHOWN_WIDTH * SCALE;
  const columns = await Promise.all(
    list.map(async (figure) => {
      const { data, ...size } = figure.rgb;
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

function loadJimp() {
  const jimp = loadPackage('jimp', (require): typeof import('jimp') => require('jimp'));
  // jimp's bitmap fonts: the same on every machine, whatever fonts it has.
  const { SANS_32_BLACK } = loadPackage('jimp', (require): { SANS_32_BLACK: string } => require('jimp/fonts'));
  const { Jimp, loadFont, measureTextHeight } = jimp;
  return { Jimp, loadFont, measureTextHeight, SANS_32_BLACK };
}

/**
 * Shows a figure in the notebook.
 *
 * @example
 * await showFigure({ image: 'data/pictures/demo.jpg', question: 'how many dogs are there?', answer: '2' });
 */
export async function showFigure(...list: readonly Figure[]): Promise<void> {
  const read = await readFigures('showFigure', list);
  const png = await compose(read);
  const text = list.map((figure) => textLines(figure).join('\n')).join('\n');
  const columns = await Promise.all(read.map((figure) => figureHTML(figure, read.length)));
  display(
    {
      'text/plain': text,
      'text/html': `<div>${columns.join('\n')}</div>`,
      'image/png': png.toString('base64'),
    },
    { width: list.length * SHOWN_WIDTH },
  );
}

/** One column: as wide as its share of the line, so that figures to compare stay side by side. */
async function figureHTML(figure: ReadFigure, count: number): Promise<string> {
  const { data, ...size } = figure.rgb;
  const webp = await loadSharp()(data, { raw: { ...size, channels: 3 } })
    .resize({ width: SHOWN_WIDTH * SCALE })
    .webp({ quality: WEBP_QUALITY })
    .toBuffer();
  const { title } = figure;
  const lines = textLines(figure).map(escapeHTML);
  const width = Math.floor(100 / count) - (count > 1 ? 2 : 0);
  const style = `display:inline-block;vertical-align:top;width:${width}%;max-width:${SHOWN_WIDTH}px;margin:0 8px 8px 0`;
  return [
    `<div style="${style}">`,
    ...(title ? [`<b>${lines[0]}</b>`] : []),
    `<img alt="${escapeHTML(title ?? 'the image')}" style="width:100%;border-radius:12px" ` +
      `src="data:image/webp;base64,${webp.toString('base64')}">`,
    ...lines.slice(title ? 1 : 0).map((line) => `<div>${line}</div>`),
    '</div>',
  ].join('\n');
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
