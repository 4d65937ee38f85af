import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until something holds. What never comes ends with the time limit of the test. */
export async function until(holds: () => Promise<boolean> | boolean, everyMs = 10): Promise<void> {
  while (!(await holds())) await sleep(everyMs);
}
