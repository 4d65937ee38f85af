import type { RegisterAnswer } from '../../../functions/lookup/register.ts';
import { onePositional, UsageError } from '../arguments.ts';
import { json } from '../print.ts';
import type { World } from '../world.ts';

/** `register ID`: puts one transaction into the queue. */
export async function registerCommand({ line, api, out }: World): Promise<number> {
  const transactionId = onePositional(line, 'transaction id');
  const merchantBizId = line.text('merchant-biz-id');
  const initializedAt = line.text('initialized-at');
  const labels = readLabels(line.list('label'));
  const answer = await api.call<RegisterAnswer>('POST', '/v1/transactions', {
    body: {
      transactionId,
      ...(merchantBizId === undefined ? {} : { merchantBizId }),
      ...(initializedAt === undefined ? {} : { initializedAt }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
  });
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
