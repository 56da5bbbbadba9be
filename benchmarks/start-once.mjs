// start-once.mjs FOLDER IMAGE TOKENS: a program's first caption, with the built library.
import { pipeline } from 'blip-openvino';

const [, , folder, image, tokens] = process.argv;
const exactly = { max_new_tokens: Number(tokens), min_new_tokens: Number(tokens) };

const captioner = await pipeline('image-to-text', folder);
const [{ generated_text }] = await captioner(image, exactly);
console.log(generated_text);
