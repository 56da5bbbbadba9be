// Every command. What one does is loaded when it runs, so that help is quick.
import type { Command } from '../command';
import { ask } from './ask';
import { caption } from './caption';
import { convert } from './convert';
import { demo } from './demo';
import { features } from './features';
import { index } from './index-folder';
import { info } from './info';
import { match } from './match';
import { quantize } from './quantize';
import { search } from './search';
import { verify } from './verify';

export const COMMANDS: readonly Command[] = [
  caption,
  ask,
  match,
  features,
  index,
  search,
  convert,
  quantize,
  verify,
  demo,
  info,
];
