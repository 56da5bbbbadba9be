// Whether the text models of a folder put out what they attend to: read from a graph, so that it is known of folders
// without a manifest and of quantized ones, too.
import * as fs from 'node:fs';
import * as path from 'node:path';

const TEXT_MODELS = ['blip_text_decoder.xml', 'blip_text_encoder.xml'];
/** The first layer's output, as `convertBlip` names it. */
const OUTPUT = /names="[^"]*\bcross_attentions\.0\b/;

/**
 * @param folder what `convertBlip` with `output_attentions: true`, or `quantizeBlip` of such a folder, wrote
 */
export function hasAttentions(folder: string): boolean {
  const graphs = TEXT_MODELS.map((name) => path.join(folder, name)).filter((file) => fs.existsSync(file));
  return graphs.length > 0 && graphs.every((file) => OUTPUT.test(fs.readFileSync(file, 'utf8')));
}
