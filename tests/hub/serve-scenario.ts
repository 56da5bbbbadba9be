// Serves one scenario to another program: `node --import tsx tests/hub/serve-scenario.ts NAME HOME`, used by
// make_hub.py. It prints the client's task as a line of JSON, waits for a line (then the disturbances begin), and
// prints its log when its input ends.
import * as readline from 'node:readline';
import { LoopbackHub } from './loopback-hub';
import { readLog, scenarioEnvironment } from './run-scenario';
import { CONTENT, FILES, SCENARIOS, WEIGHTS } from './scenarios';

async function serve(name: string, home: string): Promise<void> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario "${name}"`);
  const hub = await LoopbackHub.start();
  const { token, login, proxyLogin, rules, ...task } = scenario;
  hub.content = CONTENT;
  const env = scenarioEnvironment(hub, scenario, home);
  const calm = scenarioEnvironment(hub, { name: '' }, home);
  console.log(JSON.stringify({ ...task, files: FILES, weights: WEIGHTS, env, calm }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'end') break;
    hub.content = { ...CONTENT, token, login, proxyLogin, rules };
    console.log('ready');
  }
  console.log(JSON.stringify(readLog(hub.log)));
  await hub.stop();
}

if (process.argv[2] === '--list')
  console.log(JSON.stringify(SCENARIOS.filter(({ ownOnly }) => !ownOnly).map(({ name }) => name)));
else void serve(process.argv[2], process.argv[3]);
