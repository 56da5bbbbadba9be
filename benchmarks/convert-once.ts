// convert-once.ts CHECKPOINT FOLDER: converts once in a fresh process and prints {milliseconds, peak_bytes} as JSON.
// Counts what a user waits for: starting, loading the library, reading the checkpoint, writing the models.
import { convertBlip, loadCheckpoint } from '../lib';

const KILOBYTE = 1024;

async function main(checkpoint: string, folder: string): Promise<void> {
  await convertBlip(await loadCheckpoint(checkpoint), folder);
  console.log(
    JSON.stringify({
      milliseconds: process.uptime() * 1000,
      peak_bytes: process.resourceUsage().maxRSS * KILOBYTE,
    }),
  );
}

void main(process.argv[2], process.argv[3]);
