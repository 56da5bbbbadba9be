// Where a model looked: the image once for each word, faded, with the patches that the word attended to in color.
import { checkArguments } from '../core/check-arguments';
import { loadRgb, type ImageSource } from '../preprocessing';
import type { PatchAttention } from '../pipelines';
import { diagram, text } from './diagram';
import { embeddedImage, showSVG, type Drawing } from './show-svg';
import { checkAttention, tracedWords, type AttendingToken, type TracedWord } from './traced-words';

export interface AttentionFigure {
  /** A path, a URL, an encoded file in memory, or a sharp pipeline. */
  readonly image: ImageSource;
  /** Of `traceCaption` or `traceAnswer`, or the question's tokens of the latter. */
  readonly tokens: readonly AttendingToken[];
  /** Only these words: all by default. */
  readonly words?: readonly string[];
  readonly title?: string;
}

const WIDTH = 720;
const MARGIN = 16;
const GAP = 12;
/** Below an image: the word, and the share of its strongest patch. */
const LABEL_HEIGHT = 44;
const TITLE_HEIGHT = 26;
const MAX_COLUMNS = 6;
/** One or two images are drawn no wider than this. */
const MAX_IMAGE = 330;
/** From light to dark, so that it reads without color, too: yellow, orange, red, dark red. */
const HEAT: readonly (readonly [red: number, green: number, blue: number])[] = [
  [255, 235, 59],
  [255, 152, 0],
  [229, 57, 53],
  [142, 0, 0],
];
/** Steps from no color, for hardly any attention, to that of the strongest patch. */
const LEVELS = 16;

/**
 * Draws the image once for each word, with a heat map over it. Each map has its own scale: the strongest patch of the
 * word is dark red, and its share of all attention stands below.
 */
export async function attentionFigure(figure: AttentionFigure): Promise<Drawing> {
  checkArguments('attentionFigure', { figure: [figure, ['image', 'tokens']] });
  const { image, tokens, words, title } = figure;
  if (words !== undefined) checkArguments('attentionFigure', { words: [words, 'texts'] });
  if (title !== undefined) checkArguments('attentionFigure', { title: [title, 'text'] });
  const all = tracedWords(tokens);
  const shown = words ? all.filter(({ word }) => words.includes(word)) : all;
  const rows = Math.max(1, Math.ceil(shown.length / MAX_COLUMNS));
  const columns = Math.max(1, Math.ceil(shown.length / rows)); // rows of equal length
  const width = Math.min(MAX_IMAGE, Math.floor((WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns));
  const rgb = await loadRgb(image);
  const height = Math.max(1, Math.round((width * rgb.height) / rgb.width));
  const { href } = await embeddedImage(rgb, 2 * MAX_IMAGE, { grayscale: true }); // so that all color is attention
  const top = MARGIN + (title ? TITLE_HEIGHT : 0);
  const panels = shown.map((word, i) => {
    const x = MARGIN + (i % columns) * (width + GAP);
    const y = top + Math.floor(i / columns) * (height + LABEL_HEIGHT);
    return panel(word, { x, y, width, height });
  });
  const size = `width="${width}" height="${height}" preserveAspectRatio="none"`;
  const picture = `<defs><image id="picture" ${size} href="${href}"/></defs>`;
  const heading = title ? [text(MARGIN, MARGIN + 12, title, { size: 15, bold: true, anchor: 'start' })] : [];
  const alt = [title, ...shown.map(describe)].filter(Boolean).join('\n');
  const total = 2 * MARGIN + columns * width + (columns - 1) * GAP;
  return {
    svg: diagram(total, top + rows * (height + LABEL_HEIGHT) + MARGIN / 2, alt, [picture, ...heading, ...panels]),
    width: total,
    alt,
  };
}

/**
 * Shows where a model looked when it wrote, or read, each word.
 *
 * @example
 * const { tokens } = await blip.traceCaption(model, processor, { image_embeds });
 * await nb.showAttention({ image: picture, tokens, words: ['dogs', 'beach'] });
 */
export async function showAttention(figure: AttentionFigure): Promise<void> {
  checkArguments('showAttention', { figure: [figure, ['image', 'tokens']] });
  await showSVG(await attentionFigure(figure));
}

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function panel({ word, attention }: TracedWord, { x, y, width, height }: Frame): string {
  const most = Math.max(...attention.data);
  return [
    `<g transform="translate(${x} ${y})"><use href="#picture"/>`,
    `<rect width="${width}" height="${height}" fill="white" fill-opacity="0.45"/>`,
    ...heatMap(attention, width, height),
    `<rect width="${width}" height="${height}" fill="none" stroke="#64748b"/>`,
    text(width / 2, height + 17, word, { size: 14, bold: true }),
    text(width / 2, height + 33, `strongest ${(100 * most).toFixed(0)} %`, { size: 11.5, muted: true }),
    '</g>',
  ].join('\n');
}

/** One path for each level: a large model's patches as single shapes would take megabytes for a sentence. */
function heatMap({ data, rows, columns }: PatchAttention, width: number, height: number): string[] {
  const most = Math.max(...data);
  const [w, h] = [round(width / columns), round(height / rows)];
  const levels = Array.from({ length: LEVELS + 1 }, () => '');
  data.forEach((value, i) => {
    const [x, y] = [round(((i % columns) * width) / columns), round((Math.floor(i / columns) * height) / rows)];
    levels[most > 0 ? Math.round((LEVELS * value) / most) : 0] += `M${x} ${y}h${w}v${h}h-${w}z`;
  });
  return levels.flatMap((path, level) => {
    const share = level / LEVELS;
    if (level === 0 || path === '') return [];
    return [`<path d="${path}" fill="${heat(share)}" fill-opacity="${round(0.3 + 0.45 * share)}"/>`];
  });
}

/** In words, for those who do not see it. */
function describe({ word, attention }: TracedWord): string {
  const { row, column, share } = strongestPatch(attention);
  return (
    `${word}: most at patch row ${row} of ${attention.rows}, column ${column} of ${attention.columns} ` +
    `(${(100 * share).toFixed(1)} % of the attention)`
  );
}

/**
 * The patch that was attended to most; rows and columns are counted from 1, from the top left.
 *
 * @example
 * strongestPatch(tokens[2].attention) // { row: 6, column: 3, share: 0.41 }
 */
export function strongestPatch(attention: PatchAttention): {
  readonly row: number;
  readonly column: number;
  readonly share: number;
} {
  checkAttention('strongestPatch', 'attention', attention);
  const { data, columns } = attention;
  const at = data.indexOf(Math.max(...data));
  return { row: Math.floor(at / columns) + 1, column: (at % columns) + 1, share: data[at] };
}

/** @param share 0 to 1 */
function heat(share: number): string {
  const place = share * (HEAT.length - 1);
  const below = Math.min(HEAT.length - 2, Math.floor(place));
  const mixed = HEAT[below].map((value, i) => Math.round(value + (place - below) * (HEAT[below + 1][i] - value)));
  return `rgb(${mixed.join(' ')})`;
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
