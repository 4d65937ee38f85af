import { startWorld } from './support.ts';

// Started as a process of its own by control.test.ts, which kills it: says its instance's process id and waits.
const world = await startWorld();
process.stdout.write(`${(await world.report()).pid}\n`);
