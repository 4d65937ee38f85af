import type { Column } from '../../../shared/charts/chart.ts';
import { STAGES } from '../../../shared/logstores/values.ts';
import { api, type Forwarded, type Row, type Scope } from './api.ts';
import { element } from './dom.ts';
import { isAbsent, show, toNumber } from './format.ts';
import { table } from './tables.ts';
import { currentLanguage, plain, word } from './words.ts';

/**
 * Everything known about one transaction.
 * @param response of the lookup function, where it was asked about this transaction just now
 */
export async function transactionView(id: string, scope: Scope, response?: Forwarded): Promise<HTMLElement> {
  const { records, events } = await api.transaction(id, scope);
  const [record, ...earlier] = records;
  const heading = element('h1', { class: 'id' }, id);
  if (record === undefined) {
    const more = response === undefined ? word('lookItUp') : responseNote(response);
    return element(
      'div',
      {},
      heading,
      element('p', { class: 'lead' }, word('notStored')),
      element('p', {}, more),
    );
  }
  return element(
    'div',
    { class: 'transaction' },
    heading,
    response !== undefined &&
      response.status !== 200 &&
      element('p', { class: 'problem' }, responseNote(response)),
    storyBlock(record),
    element('div', { class: 'grid' }, causeBlock(record), staysBlock(record), countersBlock(record)),
    timelineBlock(events),
    earlier.length > 0 && historyBlock(records),
    rawBlock(record),
  );
}

export function responseNote({ status, body }: Forwarded): string {
  const detail = ['detail', 'title', 'reason', 'errorMessage'].map((name) => body[name]).find(Boolean);
  return word('answered', { status, detail: String(detail ?? '') });
}

function card(title: string, width: number, ...children: Array<HTMLElement | false>): HTMLElement {
  return element('article', { class: `card w${width}` }, element('h2', {}, title), ...children);
}

function storyBlock(record: Row): HTMLElement {
  const story = currentLanguage() === 'zh' ? (record['story_zh'] ?? record['story']) : record['story'];
  const tags = ['journey', 'stage', 'cause', 'disposition'].flatMap((name) => {
    const value = record[name];
    return isAbsent(value)
      ? []
      : [element('li', {}, name === 'disposition' ? plain(value) : alike(name, value))];
  });
  return element(
    'section',
    { 'aria-label': word('story') },
    element('p', { class: 'story' }, story ?? ''),
    element('ul', { class: 'tags' }, ...tags),
  );
}

/** Links to all transactions with the same value. */
function alike(field: string, value: string): HTMLElement {
  return element('a', { href: `#/list?${new URLSearchParams({ field, value })}` }, plain(value));
}

function causeBlock(record: Row): HTMLElement {
  const cause = record['cause'];
  if (isAbsent(cause)) return card(word('cause'), 8, element('p', {}, '–'));
  const confidence = `${word('confidence')}: ${plain(record['cause_confidence'] ?? '')}`;
  const outlook = outlookOf(record['recoverable']);
  const contradictions = (record['contradictions'] ?? '').split(',').filter((name) => name !== '');
  return card(
    word('cause'),
    8,
    element('p', { class: 'figure small' }, plain(cause)),
    element('p', {}, [confidence, outlook].filter((part) => part !== '').join(' · ')),
    element('h3', {}, word('evidence')),
    evidenceList(record['cause_evidence']),
    element('h3', {}, word('contradictions')),
    contradictions.length === 0
      ? element('p', {}, word('none'))
      : element('ul', {}, ...contradictions.map((name) => element('li', {}, name))),
  );
}

function outlookOf(recoverable: string | undefined): string {
  if (isAbsent(recoverable)) return '';
  return recoverable === 'true' ? word('recoverable') : word('notRecoverable');
}

function evidenceList(json: string | undefined): HTMLElement {
  const evidence = parsed(json);
  if (typeof evidence !== 'object' || evidence === null) return element('p', {}, word('none'));
  return definitions(
    Object.entries(evidence).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function definitions(entries: ReadonlyArray<readonly [string, string]>): HTMLElement {
  return element(
    'dl',
    {},
    ...entries.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

/** Drawn as bars of plain HTML: seven numbers need no chart library. */
function staysBlock(record: Row): HTMLElement {
  const stays = STAGES.map((stage) => ({
    stage,
    ms: toNumber(record[`stay_${stage.toLowerCase()}_ms`]),
  })).filter(({ ms }) => ms !== undefined);
  const longest = Math.max(1, ...stays.map(({ ms }) => ms ?? 0));
  const bars = stays.map(({ stage, ms = 0 }) =>
    element(
      'li',
      {},
      element('span', { class: 'name' }, plain(stage)),
      element('span', { class: 'bar', style: `--share:${(100 * ms) / longest}%`, 'aria-hidden': 'true' }),
      element('span', { class: 'value' }, show(String(ms), 'ms')),
    ),
  );
  const sums = (['stay_total_ms', 'span_ms', 'hidden_ms'] as const)
    .filter((name) => !isAbsent(record[name]))
    .map((name) => [name, show(record[name], 'ms')] as const);
  return card(
    word('stays'),
    8,
    element('ul', { class: 'stays' }, ...bars),
    sums.length > 0 && definitions(sums),
  );
}

const COUNTERS = [
  'face_retries',
  'ocr_retries',
  'ocr_edits',
  'ocr_edit_retries',
  'face_permission_refused',
  'ocr_permission_refused',
  'permission_outcome',
  'verify_error_code',
  'sub_code',
  'passed',
  'interrupt_page',
  'interrupt_page_en',
  'log_coverage',
  'attempt',
  'final',
];

function countersBlock(record: Row): HTMLElement {
  const entries = COUNTERS.filter((name) => !isAbsent(record[name])).map(
    (name) => [name, record[name] ?? ''] as const,
  );
  const times = (['initialized_at_ms', 'registered_at_ms', 'asked_at_ms'] as const)
    .filter((name) => !isAbsent(record[name]))
    .map((name) => [name, show(record[name], 'time_ms')] as const);
  return card(word('counters'), 8, definitions([...entries, ...times]));
}

function timelineBlock(events: readonly Row[]): HTMLElement {
  const languages = [...new Set(events.map((event) => event['lang'] ?? ''))];
  const lists = languages.map((lang) => {
    const lines = events
      .filter((event) => event['lang'] === lang)
      .sort((a, b) => Number(a['seq']) - Number(b['seq']))
      .map((event) =>
        element(
          'li',
          { class: `event ${event['kind'] ?? 'other'}` },
          element('time', {}, (event['logged_at'] ?? '').replace('null', '')),
          element('span', { class: 'text', lang }, event['text'] ?? ''),
          element(
            'span',
            { class: 'kind' },
            [event['kind'], event['stage']]
              .filter((part) => !isAbsent(part))
              .map((part) => plain(part ?? ''))
              .join(' · '),
          ),
        ),
      );
    return element(
      'div',
      { class: 'half' },
      element('h3', {}, lang === 'zh' ? '中文' : 'English'),
      element('ol', { class: 'timeline' }, ...lines),
    );
  });
  return card(
    word('timeline'),
    24,
    lists.length === 0 ? element('p', {}, word('none')) : element('div', { class: 'halves' }, ...lists),
  );
}

const HISTORY_COLUMNS: readonly Column[] = [
  { name: 'asked_at_ms', as: 'time_ms', title: { en: 'Asked', zh: '查询时间' } },
  { name: 'source', as: 'text', title: { en: 'By', zh: '来源' } },
  { name: 'final', as: 'key', title: { en: 'Final', zh: '最终' } },
  { name: 'disposition', as: 'key', title: { en: 'Ended as', zh: '结果' } },
  { name: 'journey', as: 'key', title: { en: 'Journey', zh: '流程' } },
  { name: 'revision', as: 'text', title: { en: 'Revision', zh: '修订' } },
];

function historyBlock(records: readonly Row[]): HTMLElement {
  return card(word('history'), 24, table(HISTORY_COLUMNS, records, { caption: word('history') }));
}

function rawBlock(record: Row): HTMLElement {
  const value = parsed(record['raw']);
  const text = value === undefined ? '–' : JSON.stringify(value, null, 2);
  return element(
    'details',
    { class: 'card w24' },
    element('summary', {}, word('raw')),
    element('pre', { tabindex: 0 }, text),
  );
}

function parsed(json: string | undefined): unknown {
  if (isAbsent(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
