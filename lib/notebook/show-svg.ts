// Shows a drawing in every front end: as HTML whose image carries a text for screen readers, as PNG where no HTML is
// shown, and as that text elsewhere. A drawing brings its own ground: a dark one where the page is dark.
import { loadSharp } from '../core/load-sharp';
import { display, escapeHTML } from './notebook';

/** Drawn at twice its size, for dense screens. */
const PNG_DENSITY = 144;

export interface Drawing {
  /** An SVG document. */
  readonly svg: string;
  /** As shown, in pixels. */
  readonly width: number;
  /** What the drawing shows, in words. */
  readonly alt: string;
}

/** A drawing as PNG, on white. */
export function drawingPNG({ svg }: Pick<Drawing, 'svg'>): Promise<Buffer> {
  return loadSharp()(Buffer.from(svg), { density: PNG_DENSITY })
    .flatten({ background: 'white' })
    .png({ palette: true })
    .toBuffer();
}

export async function showSVG({ svg, width, alt }: Drawing): Promise<void> {
  const png = await drawingPNG({ svg });
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  display(
    {
      'text/plain': alt,
      'text/html': `<img alt="${escapeHTML(alt)}" style="max-width:100%;width:${width}px" src="${source}">`,
      'image/png': png.toString('base64'),
    },
    { width },
  );
}

/** An RGB image as it is put into a drawing: a JPEG, no wider and no higher than `size` pixels. */
export async function embeddedImage(
  { data, width, height }: { readonly data: Uint8Array; readonly width: number; readonly height: number },
  size: number,
  { grayscale = false } = {},
): Promise<{ readonly href: string; readonly width: number; readonly height: number }> {
  const scale = Math.min(1, size / Math.max(width, height));
  const [columns, rows] = [width, height].map((each) => Math.max(1, Math.round(each * scale)));
  const jpeg = await loadSharp()(data, { raw: { width, height, channels: 3 } })
    .resize({ width: columns, height: rows, fit: 'fill' })
    .grayscale(grayscale)
    .jpeg({ quality: 85 })
    .toBuffer();
  return { href: `data:image/jpeg;base64,${jpeg.toString('base64')}`, width: columns, height: rows };
}
