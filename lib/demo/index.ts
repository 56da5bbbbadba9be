// Public API of the demo room: the interactive page.
export { DemoBusyError, DemoError } from './errors';
export { startDemo, type Demo, type DemoExample, type DemoOptions } from './start-demo';
