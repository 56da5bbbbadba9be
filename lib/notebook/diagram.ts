// Boxes, arrows and small scenes as SVG: the parts that the notebooks' diagrams are made of (notebooks/images/draw.ts).
// Every diagram has its own background, with dark colors where the page is dark.
import { darkStyle } from './dark-colors';

/** One style per role, the same in every diagram. */
const ROLES = {
  data: { fill: '#f1f5f9', stroke: '#64748b' },
  vision: { fill: '#dbeafe', stroke: '#2563eb' },
  encoder: { fill: '#dcfce7', stroke: '#15803d' },
  decoder: { fill: '#ffedd5', stroke: '#c2410c' },
  cache: { fill: '#f3e8ff', stroke: '#7e22ce' },
} as const;

export type Role = keyof typeof ROLES;

/** Characters that XML does not allow. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const INK = '#1e293b';
const MUTED = '#475569';
/** Pixels. */
const LINE_HEIGHT = 18;
const FONT = 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif';
const MONOSPACE = 'ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace';

/** The tip of an arrow. */
const TIP =
  '<marker id="tip" viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="7" markerHeight="7" ' +
  `orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="${MUTED}"/></marker>`;

export interface TextStyle {
  readonly size?: number;
  readonly bold?: boolean;
  readonly muted?: boolean;
  readonly mono?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A whole diagram. `label` is read aloud by screen readers. */
export function diagram(width: number, height: number, label: string, parts: readonly string[]): string {
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const described = `role="img" aria-label="${escape(label)}"`;
  const drawing = `<defs>${TIP}</defs>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="12" fill="#ffffff" stroke="#cbd5e1"/>
${parts.join('\n')}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${described} font-family="${FONT}">
${darkStyle(drawing)}${drawing}
</svg>
`;
}

/** One line of text; y is its baseline. */
export function text(
  x: number,
  y: number,
  content: string,
  { size = 14, bold, muted, mono, anchor = 'middle' }: TextStyle = {},
): string {
  const place = `x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}"`;
  const weight = bold ? ' font-weight="600"' : '';
  const family = mono ? ` font-family="${MONOSPACE}"` : '';
  return `<text ${place} fill="${muted ? MUTED : INK}"${weight}${family}>${escape(content)}</text>`;
}

/** A box with a bold first line and smaller lines below it, centred. */
export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  role: Role,
  title: string,
  ...lines: readonly string[]
): string {
  const { fill, stroke } = ROLES[role];
  const first = y + height / 2 + 5 - (lines.length * LINE_HEIGHT) / 2;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}" ` +
      'stroke-width="1.5"/>',
    text(x + width / 2, first, title, { size: 15, bold: true }),
    ...lines.map((line, index) =>
      text(x + width / 2, first + (index + 1) * LINE_HEIGHT, line, { size: 12.5, muted: true }),
    ),
  ].join('\n');
}

/** A small square, for tokens and cache entries. */
export function cell(
  x: number,
  y: number,
  width: number,
  height: number,
  role: Role,
  content: string,
  dashed = false,
): string {
  const { fill, stroke } = ROLES[role];
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${dashed ? '#ffffff' : fill}" ` +
    `stroke="${stroke}"${dashed ? ' stroke-dasharray="4 3"' : ''}/>\n` +
    text(x + width / 2, y + height / 2 + 4.5, content, { size: 12.5, mono: true })
  );
}

/** A line with a tip at its end, through the given points. */
export function arrow(points: readonly (readonly [x: number, y: number])[], dashed = false): string {
  const through = points.map((point) => point.join(',')).join(' ');
  return (
    `<polyline points="${through}" fill="none" stroke="${MUTED}" stroke-width="1.8" stroke-linejoin="round" ` +
    `marker-end="url(#tip)"${dashed ? ' stroke-dasharray="6 4"' : ''}/>`
  );
}

/** Two dogs with a red ball on a beach: the image in the diagrams. */
export function scene(x: number, y: number, width: number): string {
  const height = width * 0.75;
  const dog = (left: number, top: number, color: string): string =>
    `<g transform="translate(${left} ${top})" fill="${color}">` +
    '<rect x="0" y="8" width="22" height="10" rx="5"/><circle cx="24" cy="7" r="6"/><path d="M21 3 19 -2 25 ' +
    '1z"/><rect x="2" y="15" width="3.5" height="9" rx="1.5"/>' +
    '<rect x="16" y="15" width="3.5" height="9" rx="1.5"/><path d="M1 11 -6 4" stroke-width="3" ' +
    'stroke-linecap="round" fill="none" stroke="' +
    `${color}"/><circle cx="26" cy="6" r="1.1" fill="#fff"/></g>`;
  return `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="0 0 120 90">
<rect width="120" height="90" rx="5" fill="#bae6fd"/><circle cx="98" cy="18" r="9" fill="#fde047"/>
<path d="M0 44h120v14H0z" fill="#38bdf8"/>
<path d="M0 54q30 -6 60 0t60 0v31a5 5 0 0 1 -5 5h-110a5 5 0 0 1 -5 -5z" fill="#fde68a"/>
${dog(18, 46, '#78350f')}${dog(76, 52, '#44403c')}<circle cx="62" cy="72" r="6" fill="#dc2626"/>
<rect x="0.5" y="0.5" width="119" height="89" rx="5" fill="none" stroke="#64748b"/></svg>`;
}

function escape(content: string): string {
  const plain = content.replace(CONTROL, '\ufffd');
  return plain.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
