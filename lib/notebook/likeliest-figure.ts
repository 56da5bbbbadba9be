// What a model considered at each step: the likeliest next tokens with their probabilities, as bars.
import { checkArguments } from '../core/check-arguments';
import type { LikelyToken } from '../pipelines';
import { diagram, text } from './diagram';
import { showSVG, type Drawing } from './show-svg';

/** A step as `traceCaption` and `traceAnswer` return it. */
export interface LikelyStep extends LikelyToken {
  readonly likeliest: readonly LikelyToken[];
}

const WIDTH = 720;
const MARGIN = 16;
const TITLE_HEIGHT = 28;
const MAX_COLUMNS = 4;
const GAP = 18;
const HEADING_HEIGHT = 26;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 21;
const PANEL_GAP = 12;
/** Part of a panel that the tokens' names take, and the room at a bar's end for its number. */
const NAME_SHARE = 0.42;
const NUMBER_WIDTH = 34;
/** An average glyph at the size of the names. */
const GLYPH = 6.6;
const CHOSEN = '#c2410c';
const OTHER = '#64748b';

/** Draws one group of bars for each step; the token that was written has the strong color. */
export function likeliestFigure(steps: readonly LikelyStep[], title = 'The likeliest tokens at each step'): Drawing {
  checkArguments('likeliestFigure', { steps: [steps, 'list'], title: [title, 'text'] });
  steps.forEach((step, i) => {
    checkArguments('likeliestFigure', { [`steps[${i}]`]: [step, ['token', 'token_id', 'likeliest']] });
    const { token, likeliest } = step;
    checkArguments('likeliestFigure', { token: [token, 'text'], [`steps[${i}].likeliest`]: [likeliest, 'list'] });
    for (const each of likeliest) {
      checkArguments('likeliestFigure', { likeliest: [each, ['token', 'token_id', 'probability']] });
      checkArguments('likeliestFigure', { token: [each.token, 'text'], probability: [each.probability, 'number'] });
    }
  });
  const columns = Math.max(1, Math.min(MAX_COLUMNS, steps.length));
  const width = Math.floor((WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns);
  const bars = Math.max(0, ...steps.map(({ likeliest }) => likeliest.length));
  const height = HEADING_HEIGHT + bars * ROW_HEIGHT + PANEL_GAP;
  const top = MARGIN + TITLE_HEIGHT;
  const panels = steps.map((step, i) => {
    const [x, y] = [MARGIN + (i % columns) * (width + GAP), top + Math.floor(i / columns) * height];
    return `<g transform="translate(${x} ${y})">\n${panel(step, i + 1, width)}\n</g>`;
  });
  const alt = [title, ...steps.map(describe)].join('\n');
  const total = 2 * MARGIN + columns * width + (columns - 1) * GAP;
  const heading = text(MARGIN, MARGIN + 12, title, { size: 15, bold: true, anchor: 'start' });
  return {
    svg: diagram(total, top + Math.ceil(steps.length / columns) * height, alt, [heading, ...panels]),
    width: total,
    alt,
  };
}

/**
 * Shows the likeliest next tokens of each step as bars.
 *
 * @example
 * const { tokens } = await blip.traceAnswer(model, processor, { image_embeds, question });
 * await nb.showLikeliest(tokens);
 */
export async function showLikeliest(steps: readonly LikelyStep[], title?: string): Promise<void> {
  await showSVG(likeliestFigure(steps, title));
}

function panel({ token_id, token, likeliest }: LikelyStep, step: number, width: number): string {
  const names = width * NAME_SHARE;
  const room = width - names - NUMBER_WIDTH;
  const rows = likeliest.map((each, i) => {
    const y = HEADING_HEIGHT + i * ROW_HEIGHT;
    const chosen = each.token_id === token_id;
    const length = Math.max(1, each.probability * room);
    const [name, number] = [shorten(each.token, names - 6), twoDigits(each.probability)];
    return [
      text(names - 6, y + 12.5, name, { size: 12, bold: chosen, anchor: 'end', mono: true }),
      `<rect x="${names}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2" ` +
        `fill="${chosen ? CHOSEN : OTHER}"/>`,
      text(names + length + 5, y + 12.5, number, { size: 11.5, muted: !chosen, anchor: 'start' }),
    ].join('\n');
  });
  return [
    text(0, 14, `${step}. ${shorten(token, width - 24)}`, { size: 13.5, bold: true, anchor: 'start' }),
    ...rows,
  ].join('\n');
}

/** Nothing that the model considered is called 0. */
function twoDigits(probability: number): string {
  return probability < 0.005 ? '<0.01' : probability.toFixed(2);
}

function shorten(token: string, width: number): string {
  const characters = Array.from(token);
  const fit = Math.max(1, Math.floor(width / GLYPH));
  return characters.length > fit ? `${characters.slice(0, fit - 1).join('')}…` : token;
}

function describe({ token, likeliest }: LikelyStep, index: number): string {
  const list = likeliest.map((each) => `${each.token} ${twoDigits(each.probability)}`).join(', ');
  return `${index + 1}. ${token}: ${list}`;
}
