import type { LookupResponse, RegisterResponse } from '../../shared/api/responses.ts';
import type { Ledger } from '../../shared/ledger.ts';
import type { EventRow } from '../../shared/logstores/events.ts';
import type { RecordRow } from '../../shared/logstores/records.ts';
import { noPositionals, periodOptions, transactionOf, UsageError } from './arguments.ts';
import type { CliContext } from './context.ts';
import { bar, columns, duration, json, plain } from './print.ts';

/** The commands that are one request to the API: `register`, `sweep`, `ledger` and `lookup`. */

/** `register ID`: puts one transaction into the queue. */
export async function registerCommand({ line, api, out, now }: CliContext): Promise<number> {
  const body = transactionOf(line, now(), readLabels(line.list('label')));
  const response = await api.call<RegisterResponse>('POST', '/v1/transactions', { body });
  out(line.flag('json') ? json(response) : `registered; it is asked about from ${response.dueAt}`);
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

/** `sweep`: one run, now. */
export async function sweepCommand({ line, api, out }: CliContext): Promise<number> {
  noPositionals(line);
  const response = await api.call<{ requestId: string }>('POST', '/v1/sweeps', { once: true });
  out(line.flag('json') ? json(response) : `a run was started: ${response.requestId}`);
  return 0;
}

/** The period is shorter than the default where the queue keeps less. */
interface LedgerResponse extends Ledger {
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

/** `ledger`: exits with 1 when something was lost, or when the numbers are not exact. */
export async function ledgerCommand({ line, api, out, err }: CliContext): Promise<number> {
  noPositionals(line);
  const { fromMs, toMs } = periodOptions(line);
  const query = {
    ...(fromMs === undefined ? {} : { from: String(fromMs) }),
    ...(toMs === undefined ? {} : { to: String(toMs) }),
  };
  const ledger = await api.call<LedgerResponse>('GET', '/v1/ledger', { query });
  out(line.flag('json') ? json(ledger) : describeLedger(ledger));
  if (!ledger.complete) err('SLS read only a part of the data: no number here is exact');
  if (ledger.residual > 0)
    err(`the sweep has passed ${ledger.residual} transactions that have no final record`);
  return ledger.residual > 0 || !ledger.complete ? 1 : 0;
}

function describeLedger(ledger: LedgerResponse): string {
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

/** `lookup ID`: the service's answer now, as a story and a timeline. */
export async function lookupCommand({ line, api, out, now }: CliContext): Promise<number> {
  const { transactionId, labels: _, ...query } = transactionOf(line, now());
  const response = await api.call<LookupResponse>('GET', `/v1/transactions/${transactionId}`, { query });
  out(line.flag('json') ? json(response) : describeLookup(response, line.flag('zh')));
  return 0;
}

function describeLookup(response: LookupResponse, chinese: boolean): string {
  const { record, events } = response;
  const story = (chinese ? record.story_zh : undefined) ?? response.story;
  return [
    `${response.transactionId}  ${response.final ? 'final' : 'not final yet'}${storedWords(response)}`,
    '',
    ...(story === '' ? [] : [plain(story), '']),
    columns(facts(record), '  '),
    ...section('Time on each stage', stays(record)),
    ...section('Timeline', timeline(events, chinese)),
    ...section('Asked before', history(response)),
  ].join('\n');
}

function storedWords({ stored, reason, registered }: LookupResponse): string {
  const kept = stored === false ? `, not stored (${reason ?? 'unknown'})` : '';
  return registered === undefined
    ? kept
    : `${kept}, ${registered ? 'waits for the sweep' : 'not registered'}`;
}

function facts(record: RecordRow): string[][] {
  const rows: ReadonlyArray<readonly [string, string | number | undefined]> = [
    ['journey', record.journey],
    ['cause', record.cause === undefined ? undefined : `${record.cause} (${record.cause_confidence ?? '?'})`],
    ['last page', record.interrupt_page_en ?? record.interrupt_page],
    ['error code', record.verify_error_code],
    ['passed', record.passed],
    ['contradictions', record.contradictions],
    ['labels', record.labels],
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, plain(String(value))]],
  );
}

function stays(record: RecordRow): string[][] {
  const found = Object.entries(record).flatMap(([column, value]) => {
    const [, stage] = /^stay_(?!total)(\w+)_ms$/.exec(column) ?? [];
    return stage !== undefined && typeof value === 'number' ? [[stage.toUpperCase(), value] as const] : [];
  });
  const longest = Math.max(1, ...found.map(([, ms]) => ms));
  return found.map(([stage, ms]) => [stage, duration(ms), bar(ms / longest)]);
}

/** In one language: both logs are of the same session. */
function timeline(events: readonly EventRow[], chinese: boolean): string[][] {
  const [first, second] = chinese ? ['zh', 'en'] : ['en', 'zh'];
  const inFirst = events.filter((event) => event.lang === first);
  const shown = inFirst.length > 0 ? inFirst : events.filter((event) => event.lang === second);
  return shown.map((event) => [
    plain(event.logged_at ?? ''),
    event.gap_ms === undefined ? '' : `+${duration(event.gap_ms)}`,
    event.stage ?? '',
    event.kind ?? '',
    plain(event.text ?? ''),
  ]);
}

function history({ history: entries }: LookupResponse): string[][] {
  return entries.map((entry) => [
    new Date(entry.asked_at_ms ?? 0).toISOString(),
    entry.final === 'true' ? 'final' : 'provisional',
    entry.disposition ?? '',
    entry.journey ?? '',
    entry.source ?? '',
    entry.copies > 1 ? `${entry.copies} times` : '',
  ]);
}

function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ['', `${title}:`, columns(rows, '  ')];
}
