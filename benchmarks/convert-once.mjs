// convert-once.mjs CHECKPOINT FOLDER: converts once in a fresh process and prints {milliseconds, peak_bytes} as JSON.
// Counts what a user of the package waits for: starting, loading the built library, reading the checkpoint, writing the
// models.
import { convertBlip, loadCheckpoint } from 'blip-openvino';

const KILOBYTE = 1024;
const [, , checkpoint, folder] = process.argv;

await convertBlip(await loadCheckpoint(checkpoint), folder);
console.log(
  JSON.stringify({
    milliseconds: process.uptime() * 1000,
    peak_bytes: process.resourceUsage().maxRSS * KILOBYTE,
  }),
);
