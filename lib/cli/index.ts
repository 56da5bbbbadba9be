// Public API of the command line room.
export { runCommandLine } from './run-command-line';
