#!/usr/bin/env node
// The program `blip-openvino`.
import { runCommandLine } from './run-command-line';

void runCommandLine(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
