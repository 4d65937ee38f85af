import * as z from 'zod/mini';
import { count, describe, isoTime } from '../../shared/api/responses.ts';
import { instant, safeParseInstant } from '../../shared/api/transaction.ts';
import { readLedger } from '../../shared/ledger.ts';
import { DAY_MS } from '../../shared/time.ts';
import { badRequest, defineEndpoint, valid } from './define-endpoint.ts';

const COUNTS = {
  registered: 'Distinct transactions registered in the period: the sum of the ten that follow.',
  finished: 'Final, and the person came through to the end.',
  interrupted: 'Final, and the session broke off.',
  notStarted: 'Final, and the session was never started.',
  unknown: 'Final, with a status that is not documented.',
  notCompleted: 'Final: still not completed after all attempts.',
  invalid: 'Final: ID Verification does not know it, or the row could not be read.',
  expired: 'Final: older than what ID Verification keeps.',
  gaveUp: 'Final: no answer after all attempts.',
  waiting: 'The sweep has not reached it yet.',
  residual: 'The sweep has passed it and there is no final record. Must be 0.',
  unreadable: 'Rows of the queue without a transaction id; beside the sum.',
  unregistered: 'Transactions with a record that were never registered; beside the sum.',
} as const;

const ledgerResponse = z
  .strictObject({
    from: describe(z.clone(isoTime), 'Start of the period.'),
    to: describe(z.clone(isoTime), 'End of the period, not included.'),
    ...(Object.fromEntries(
      Object.entries(COUNTS).map(([name, meaning]) => [name, describe(z.clone(count), meaning)]),
    ) as Record<keyof typeof COUNTS, typeof count>),
    complete: describe(
      z.boolean(),
      'False when the log store returned only a part: the counts are then not exact.',
    ),
  })
  .register(z.globalRegistry, { id: 'Ledger' });

const DEFAULT_PERIOD_MS = 30 * DAY_MS;

export const ledgerEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/ledger',
  operationId: 'readLedger',
  summary: 'What became of everything that was registered in a period',
  query: {
    from: {
      schema: instant,
      description:
        'Start of the period, by time of registration, within the days that the queue keeps (PENDING_RETENTION_DAYS); default: 30 days before `to`, or as many as are kept. The response says which.',
    },
    to: { schema: instant, description: 'End of the period, not included; default: now.' },
  },
  response: {
    status: 200,
    schema: ledgerResponse,
    description: 'registered = the sum of finished to residual.',
  },
  problems: ['SLS', 'UPSTREAM_NETWORK', 'UPSTREAM_CONTRACT', 'UPSTREAM_TIMEOUT', 'DEADLINE_NEAR'],
  async handle({ services, sls, deadline }, { query }) {
    const { windows } = services.settings;
    const nowMs = services.clock.now();
    const oldestMs = nowMs - windows.pendingMs;
    const limit = `must be within the last ${windows.pendingMs / DAY_MS} days`;
    const toMs = query.to === undefined ? nowMs : valid(safeParseInstant(query.to, 'to'));
    const fromMs =
      query.from === undefined
        ? Math.max(toMs - DEFAULT_PERIOD_MS, oldestMs)
        : valid(safeParseInstant(query.from, 'from'));
    if (fromMs < oldestMs) throw badRequest('from', limit);
    if (fromMs >= toMs) {
      throw query.from === undefined ? badRequest('to', limit) : badRequest('from', 'must be before to');
    }
    const ledger = await readLedger(sls, { fromMs, toMs, nowMs, windows, signal: deadline.signal });
    // Where the queue keeps less than the default period, the response says how much was counted.
    return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), ...ledger };
  },
});
