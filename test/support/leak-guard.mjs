import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Fails a test file that leaves a server listening or a process running: what is left under way reaches into the
 * next file, and a worker that cannot end is killed without a word.
 */
// biome-ignore lint/style/noDefaultExport: Jest takes no other
export default class LeakGuard extends TestEnvironment {
  #before = leakable();

  async handleTestEvent({ name }, state) {
    if (name !== 'run_finish') return;
    // What was closed a moment ago is gone some turns of the event loop later.
    for (let tries = 0; tries < MAX_TRIES && this.#left().length > 0; tries += 1) await sleep(10);
    const left = this.#left();
    if (left.length > 0) state.unhandledErrors.push(new Error(`left open: ${left.join(', ')}`));
  }

  #left() {
    const before = [...this.#before];
    return leakable().filter((one) => {
      const place = before.indexOf(one);
      if (place !== -1) before.splice(place, 1);
      return place === -1;
    });
  }
}

const MAX_TRIES = 300;
const NAMES = { TCPServerWrap: 'a listening server', ProcessWrap: 'a running process' };

function leakable() {
  return process.getActiveResourcesInfo().flatMap((kind) => NAMES[kind] ?? []);
}
