// Every command. What one does is loaded when it runs, so that help is quick.
import type { Command } from '../command';
import { ask } from './ask';
import { caption } from './caption';
import { convert } from './convert';
import { demo } from './demo';
import { info } from './info';
import { match } from './match';
import { quantize } from './quantize';
import { verify } from './verify';

export const COMMANDS: readonly Command[] = [caption, ask, match, convert, quantize, verify, demo, info];
