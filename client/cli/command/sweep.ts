import { noPositionals } from '../arguments.ts';
import { json } from '../print.ts';
import type { World } from '../world.ts';

/** `sweep`: one run, now. */
export async function sweepCommand({ line, api, out }: World): Promise<number> {
  noPositionals(line);
  const answer = await api.call<{ requestId: string }>('POST', '/v1/sweeps', { once: true });
  out(line.flag('json') ? json(answer) : `a run was started: ${answer.requestId}`);
  return 0;
}
