// Public API of the demo room.
export { startDemo, DemoError, type Demo, type DemoExample, type DemoOptions } from './start-demo';
