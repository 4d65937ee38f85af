import type { RegisterResponse } from '../../../shared/api/responses.ts';
import { transactionOf, UsageError } from '../arguments.ts';
import { json } from '../print.ts';
import type { World } from '../world.ts';

/** `register ID`: puts one transaction into the queue. */
export async function registerCommand({ line, api, out, now }: World): Promise<number> {
  const body = transactionOf(line, now(), readLabels(line.list('label')));
  const answer = await api.call<RegisterResponse>('POST', '/v1/transactions', { body });
  out(line.flag('json') ? json(answer) : `registered; it is asked about from ${answer.dueAt}`);
  return 0;
}

function readLabels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError('--label must be KEY=VALUE');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
