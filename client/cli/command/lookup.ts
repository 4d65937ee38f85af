import type { LookupResponse } from '../../../shared/api/responses.ts';
import type { EventRow } from '../../../shared/logstores/events.ts';
import type { RecordRow } from '../../../shared/logstores/records.ts';
import { transactionOf } from '../arguments.ts';
import { bar, columns, duration, json, plain } from '../print.ts';
import type { World } from '../world.ts';

/** `lookup ID`: what the service says now, as a story and a timeline. */
export async function lookupCommand({ line, api, out, now }: World): Promise<number> {
  const { transactionId, labels: _, ...query } = transactionOf(line, now());
  const answer = await api.call<LookupResponse>('GET', `/v1/transactions/${transactionId}`, { query });
  out(line.flag('json') ? json(answer) : describe(answer, line.flag('zh')));
  return 0;
}

function describe(answer: LookupResponse, chinese: boolean): string {
  const { record, events } = answer;
  const story = (chinese ? record.story_zh : undefined) ?? answer.story;
  return [
    `${answer.transactionId}  ${answer.final ? 'final' : 'not final yet'}${storedWords(answer)}`,
    '',
    ...(story === '' ? [] : [plain(story), '']),
    columns(facts(record), '  '),
    ...section('Time on each stage', stays(record)),
    ...section('Timeline', timeline(events, chinese)),
    ...section('Asked before', history(answer)),
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

/** One language: the two logs tell the same session. */
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
    new Date(Number(entry.asked_at_ms ?? 0)).toISOString(),
    entry.final === 'true' ? 'final' : 'provisional',
    String(entry.disposition ?? ''),
    String(entry.journey ?? ''),
    String(entry.source ?? ''),
    entry.copies > 1 ? `${entry.copies} times` : '',
  ]);
}

function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ['', `${title}:`, columns(rows, '  ')];
}
