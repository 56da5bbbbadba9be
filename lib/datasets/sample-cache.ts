// Samples that were fetched, on disk: an interrupted or a larger request continues where the last one stopped.
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isPlainFile } from '../core/is-plain-file';
import { writeAdvice } from '../core/explain-write-error';
import { parseJSON, readJSON } from '../core/read-json';
import { writeWhole } from '../core/write-whole';
import { makeFolderSync } from '../core/make-folder';
import { isRecord } from '../core/is-record';
import { parseAnswers } from './parse-answers';
import { SkipCounter, type SkippedSamples, type VqaSample, VqaSourceError } from './vqa-sample';

/** The result of reading some rows. */
export interface Step {
  /** Which rows, as the caller describes them; a cached step is used only where this is the same. */
  readonly key: string;
  /** Where the next look at these rows begins, and whether none are left. */
  readonly window: number;
  readonly next: number;
  readonly exhausted: boolean;
  readonly samples: readonly VqaSample[];
  readonly skipped: SkippedSamples;
}

interface Entry extends Omit<Step, 'samples'> {
  readonly samples: readonly (Omit<VqaSample, 'image'> & { readonly image: string })[];
}

const MAX_LOG_BYTES = 1 << 28;
/** Of a SHA-256, enough that no two images share a name. */
const NAME_DIGITS = 32;

/**
 * One folder for each request: `steps.jsonl` has a line for each finished step, the images are beside it under their
 * SHA-256.
 */
export class SampleCache {
  readonly skips: SkipCounter = new SkipCounter();
  readonly samples: VqaSample[] = [];
  /** Steps of earlier calls, in order. */
  private readonly steps: Step[];
  private readonly folder: string;
  private readonly log: string;
  private replaying = 0;

  /** @param request what the samples depend on: source, revision, split, columns, seed */
  constructor(cache_dir: string, request: unknown) {
    const name = crypto.createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16);
    this.folder = path.join(cache_dir, `vqa-${name}`);
    this.log = path.join(this.folder, 'steps.jsonl');
    this.write(() => void makeFolderSync(this.folder));
    this.steps = this.readLog();
  }

  /**
   * The next step of an earlier call, if it is the one that `key` names. Another one ends the replay: its rows are read
   * again.
   */
  replay(key: string): Step | undefined {
    const step = this.steps[this.replaying];
    if (!step) return undefined;
    if (step.key !== key) {
      this.steps.length = this.replaying;
      this.rewrite(fs.readFileSync(this.log, 'utf8').split('\n').slice(0, this.steps.length));
      return undefined;
    }
    this.replaying++;
    this.take(step);
    return step;
  }

  /** Takes steps as they come, for a request that they satisfy. */
  replayUntil(count: number): void {
    for (; this.samples.length < count && this.replaying < this.steps.length; this.replaying++)
      this.take(this.steps[this.replaying]);
  }

  /** A value that was found out once for this request. */
  recall(name: string): unknown {
    try {
      return readJSON(path.join(this.folder, `${name}.json`));
    } catch {
      return undefined; // not there, or not whole: it is found out again
    }
  }

  remember(name: string, value: number): void {
    this.write(() => writeWhole(path.join(this.folder, `${name}.json`), JSON.stringify(value)));
  }

  /** Samples that the log holds. */
  get held(): number {
    return this.steps.reduce((sum, { samples }) => sum + samples.length, 0);
  }

  /** Where an image is, or will be; a file stays where it is. */
  placeOf(image: string | Uint8Array): string {
    if (typeof image === 'string') return image;
    const digest = crypto.createHash('sha256').update(image).digest('hex');
    return path.join(this.folder, digest.slice(0, NAME_DIGITS));
  }

  storeImage(image: string | Uint8Array): void {
    const file = this.placeOf(image);
    if (typeof image !== 'string' && !fs.existsSync(file)) this.write(() => writeWhole(file, image));
  }

  finish(step: Step): void {
    const samples = step.samples.map(({ image, ...rest }) => ({ ...rest, image: this.shorten(String(image)) }));
    this.write(() => fs.appendFileSync(this.log, `${JSON.stringify({ ...step, samples })}\n`));
    this.take(step);
  }

  private take({ samples, skipped }: Step): void {
    this.samples.push(...samples);
    this.skips.merge(skipped);
  }

  /** @throws {VqaSourceError} when the disk is full or the folder may not be written to */
  private write(act: () => void): void {
    try {
      act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new VqaSourceError(
        `${this.folder}: samples cannot be kept there: ${reason}. ${writeAdvice(error, 'cache folder')} ` +
          'The option cache_dir or BLIP_CACHE names it.',
        { cause: error },
      );
    }
  }

  private shorten(image: string): string {
    return path.dirname(image) === this.folder ? path.basename(image) : image;
  }

  private readLog(): Step[] {
    const steps: Step[] = [];
    if (!isPlainFile(this.log) || fs.statSync(this.log).size > MAX_LOG_BYTES) return steps;
    const lines = fs.readFileSync(this.log, 'utf8').split('\n');
    for (const line of lines) {
      const entry = parseEntry(line);
      const samples = entry?.samples.map((sample) => ({ ...sample, image: path.resolve(this.folder, sample.image) }));
      // Two processes at once may have noted a step twice.
      if (steps.some(({ key }) => key === entry?.key)) break;
      if (!entry || !samples?.every(({ image }) => fs.existsSync(image))) break; // cut short: these rows are read again
      steps.push({ ...entry, samples });
    }
    if (steps.length !== lines.length - 1) this.rewrite(lines.slice(0, steps.length));
    return steps;
  }

  private rewrite(lines: readonly string[]): void {
    this.write(() => writeWhole(this.log, lines.map((line) => `${line}\n`).join('')));
  }
}

function parseEntry(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = parseJSON(line, 'a step of the cache');
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !Array.isArray(value.samples)) return undefined;
  const { key, window, next, exhausted } = value;
  const samples = value.samples.map(parseSample);
  const skipped = parseSkipped(value.skipped);
  if (typeof key !== 'string' || typeof exhausted !== 'boolean' || !skipped) return undefined;
  if (typeof window !== 'number' || typeof next !== 'number') return undefined;
  if (!samples.every((sample) => sample !== undefined)) return undefined;
  return { key, window, next, exhausted, samples: samples.flatMap((sample) => sample ?? []), skipped };
}

function parseSample(item: unknown): Entry['samples'][number] | undefined {
  if (!isRecord(item)) return undefined;
  const { image_id, question_id, question, question_type, image } = item;
  const answers = Array.isArray(item.answers) ? parseAnswers(item.answers, undefined) : undefined;
  if (
    typeof image_id !== 'string' ||
    typeof question_id !== 'string' ||
    typeof question !== 'string' ||
    typeof image !== 'string' ||
    !answers
  )
    return undefined;
  const type = typeof question_type === 'string' && { question_type };
  return { image_id, question_id, question, answers, image, ...type };
}

function parseSkipped(value: unknown): SkippedSamples | undefined {
  if (!isRecord(value) || !isRecord(value.reasons) || !Array.isArray(value.examples)) return undefined;
  const reasons: Record<string, number> = {};
  let total = 0;
  for (const [reason, times] of Object.entries(value.reasons)) {
    if (typeof times !== 'number') return undefined;
    reasons[reason] = times;
    total += times;
  }
  const examples = value.examples.filter((example): example is string => typeof example === 'string');
  return { total, reasons, examples };
}
