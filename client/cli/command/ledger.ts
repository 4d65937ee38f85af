import type { Ledger } from '../../../shared/logstores/ledger.ts';
import { noPositionals, periodOptions } from '../arguments.ts';
import { columns, json } from '../print.ts';
import type { World } from '../world.ts';

/** As the API answers it: where the queue keeps less than was asked for by default, the period says so. */
interface LedgerAnswer extends Ledger {
  readonly from: string;
  readonly to: string;
}

const LINES: ReadonlyArray<readonly [keyof Ledger, string]> = [
  ['finished', 'finished'],
  ['interrupted', 'interrupted'],
  ['notStarted', 'not started'],
  ['unknown', 'unknown status'],
  ['notCompleted', 'not completed'],
  ['invalid', 'invalid'],
  ['expired', 'expired'],
  ['gaveUp', 'gave up'],
  ['waiting', 'waiting'],
  ['residual', 'residual'],
];

/** `ledger`: the books. Ends with 1 when something was lost, or when they cannot be closed. */
export async function ledgerCommand({ line, api, out, err }: World): Promise<number> {
  noPositionals(line);
  const { fromMs, toMs } = periodOptions(line);
  const query = {
    ...(fromMs === undefined ? {} : { from: String(fromMs) }),
    ...(toMs === undefined ? {} : { to: String(toMs) }),
  };
  const ledger = await api.call<LedgerAnswer>('GET', '/v1/ledger', { query });
  out(line.flag('json') ? json(ledger) : describe(ledger));
  if (!ledger.complete) err('the log store answered in part: no number here is exact');
  if (ledger.residual > 0)
    err(`${ledger.residual} transactions were passed by the sweep and have no final record`);
  return ledger.residual > 0 || !ledger.complete ? 1 : 0;
}

function describe(ledger: LedgerAnswer): string {
  const rows = LINES.map(([member, name]) => [name, String(ledger[member])] as const);
  const width = String(ledger.registered).length + 1;
  const table = [
    ['registered', String(ledger.registered).padStart(width)],
    ...rows.map(([name, count], index) => [
      `  ${name}`,
      `${index === 0 ? '=' : '+'}${count.padStart(width - 1)}`,
    ]),
  ];
  const beside = [
    ['rows without an id', String(ledger.unreadable).padStart(width)],
    ['never registered', String(ledger.unregistered).padStart(width)],
  ];
  return `from ${ledger.from} to ${ledger.to}\n\n${columns(table)}\n\nbeside the sum:\n${columns(beside)}`;
}
