// A function of one of the page's scripts, for tests without a browser. They are JavaScript: what comes back is
// unknown.
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../project-root';

export async function pageFunction(file: string, name: string): Promise<(...values: unknown[]) => unknown> {
  const url = pathToFileURL(path.join(projectRoot(), 'lib', 'demo', 'page', file)).href;
  const loaded: Record<string, unknown> = await import(url);
  const found = loaded[name];
  if (typeof found !== 'function') throw new Error(`${file} exports no function "${name}".`);
  return (...values) => found(...values);
}
