// A run's figures as a JSON file.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Results } from './write-report';

const DIGITS = 6;

export function writeResults(file: string, results: Results): void {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** @throws {TypeError} that names the file, when it holds something else */
export function readResults(file: string): Results {
  const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (!isResults(value)) throw new TypeError(`${file}: is no results file of npm run bench.`);
  return value;
}

function isResults(value: unknown): value is Results {
  if (typeof value !== 'object' || value === null) return false;
  const { date, machine, versions, models } = Object.fromEntries(Object.entries(value));
  const isModel = (model: unknown): boolean =>
    typeof model === 'object' && model !== null && 'conversion' in model && 'precisions' in model && 'sizes' in model;
  return (
    typeof date === 'string' &&
    typeof machine === 'object' &&
    typeof versions === 'object' &&
    Array.isArray(models) &&
    models.every(isModel)
  );
}
