// What PyTorch computed for the small copies of the published checkpoints, in the form that verify takes.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { PublishedCase, PublishedResults } from '../../lib/evaluation';
import { projectRoot } from '../project-root';

export const PUBLISHED_FIXTURES = path.join(projectRoot(), 'tests', 'fixtures', 'published');
export const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
/** As make_published.py asked for. */
const max_new_tokens = 10;

export function expectedResults(name: string): PublishedResults {
  const json = JSON.parse(fs.readFileSync(path.join(PUBLISHED_FIXTURES, name, 'expected.json'), 'utf8'));
  const text = (task: PublishedCase['task'], ids: number[], given?: string): PublishedCase => ({
    task,
    ids: [ids],
    max_new_tokens,
    ...(given !== undefined && { text: given }),
  });
  if (name.includes('itm'))
    return {
      cases: json.texts.map((each: string, i: number) => ({ task: 'match', text: each, score: json.match[i] })),
    };
  if (name.includes('vqa')) return { cases: [text('answer', json.answer_ids, json.question)] };
  return { cases: [text('caption', json.caption_ids), text('caption', json.prompted_ids, json.prompt)] };
}
