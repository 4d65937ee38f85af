import type { Column, DashboardDefinition } from '../../../shared/charts/chart.ts';
import { api, type Forwarded, type Picked, type Scope } from './api.ts';
import { dashboardView } from './dashboard-view.ts';
import { byId, element } from './dom.ts';
import { redraw } from './draw.ts';
import { announce, explain, hideMessage, mayPass, showMessage, troubleNote } from './message.ts';
import { table } from './tables.ts';
import { responseNote, transactionView } from './transaction-view.ts';
import { currentLanguage, plain, say, setLanguage, type Word, word } from './words.ts';

/** The page. The hash names the view: the browser's back button works, and a view can be linked. */

const RANGES: ReadonlyArray<readonly [seconds: number, name: Word]> = [
  [86_400, 'lastHours'],
  [604_800, 'lastWeek'],
  [2_592_000, 'lastMonth'],
];

/** The most that the server lists of the transactions behind a bar. */
const MAX_LISTED = 200;

let dashboards: DashboardDefinition[] = [];
let scope: Scope = { rangeSeconds: 604_800, labels: {} };
let shown = 0;
/** The transaction that was looked up last, and the response. */
let lookedUp: { id: string; response: Forwarded } | undefined;

const LIST_COLUMNS: readonly Column[] = [
  { name: 'transaction_id', as: 'id', title: { en: 'Transaction', zh: '认证 ID' } },
  { name: 'initialized_at_ms', as: 'time_ms', title: { en: 'Opened', zh: '打开时间' } },
  { name: 'stage', as: 'key', title: { en: 'Stage', zh: '阶段' } },
  { name: 'cause', as: 'key', title: { en: 'Cause', zh: '原因' } },
];

function start(): void {
  byId('language').addEventListener('click', () => {
    setLanguage(currentLanguage() === 'en' ? 'zh' : 'en');
    void showAll();
  });
  byId('lookup').addEventListener('submit', (event) => {
    event.preventDefault();
    void lookup();
  });
  // The link that was followed is gone with its view: the next Tab starts in the new one.
  window.addEventListener('hashchange', () => {
    if (document.activeElement?.closest('#lookup') === null) byId('main').focus();
    void showAll();
  });
  window.addEventListener('resize', redraw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  void showAll();
}

async function showAll(): Promise<void> {
  const turn = ++shown;
  dressHeader();
  const [, kind = '', name = ''] = location.hash.split('?')[0]?.split('/') ?? [];
  const main = byId('main');
  main.setAttribute('aria-busy', 'true');
  const controls = byId('controls');
  controls.hidden = kind === 'transactions';
  main.replaceChildren(element('p', { class: 'hint' }, word('loading')));
  try {
    if (dashboards.length === 0) {
      ({ dashboards } = await api.dashboards());
      dressHeader();
    }
    if (!controls.hidden) await dressControls();
    if (turn !== shown) return;
    const { view, ready } = await viewFor(kind, decodeURIComponent(name));
    if (turn !== shown) return;
    main.replaceChildren(view);
    redraw();
    await ready;
    if (turn === shown) announce(word('allReady'));
  } catch (error) {
    if (turn !== shown) return;
    main.replaceChildren(troubleNote(error, () => void showAll()));
  }
  if (turn === shown) main.setAttribute('aria-busy', 'false');
}

async function viewFor(kind: string, name: string): Promise<{ view: HTMLElement; ready: Promise<void> }> {
  const ready = Promise.resolve();
  if (kind === 'transactions') {
    if (lookedUp?.id !== name) lookedUp = undefined;
    const everything = { rangeSeconds: 34_000_000, labels: {} };
    return { view: await transactionView(name, everything, lookedUp?.response), ready };
  }
  lookedUp = undefined;
  if (kind === 'list') return { view: await listView(), ready };
  const definition = dashboards.find((each) => each.name === kind) ?? dashboards[0];
  if (definition === undefined) throw new Error('no dashboard is defined');
  return dashboardView(definition, scope, (picked) => {
    location.hash = `#/list?${new URLSearchParams({ ...picked })}`;
  });
}

async function listView(): Promise<HTMLElement> {
  const asked = new URLSearchParams(location.hash.split('?')[1] ?? '');
  const part = (name: keyof Picked) => asked.get(name) ?? '';
  const picked: Picked = { field: part('field'), value: part('value'), within: part('within') };
  const { value } = picked;
  const { rows } = await api.behind(picked, scope);
  const story = {
    name: currentLanguage() === 'zh' ? 'story_zh' : 'story',
    as: 'text',
    title: { en: 'Story', zh: '经过' },
  } as const;
  const count = rows.length < MAX_LISTED ? String(rows.length) : `${word('newest')} ${rows.length}`;
  const title = `${word('behind')}: ${plain(value)} (${count})`;
  return element(
    'div',
    {},
    element('p', {}, element('a', { href: '#/' }, `← ${word('back')}`)),
    element('h1', {}, title),
    rows.length === 0
      ? element('p', { class: 'hint' }, word('noData'))
      : table([...LIST_COLUMNS, story], rows, { caption: title, whole: true }),
  );
}

function dressHeader(): void {
  const language = currentLanguage();
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  byId('skip').textContent = word('skip');
  byId('lookup-label').textContent = word('lookup');
  byId('lookup-id').setAttribute('placeholder', word('lookup'));
  byId('lookup-go').textContent = word('ask');
  const toggle = byId('language');
  toggle.textContent = language === 'en' ? '中文' : 'English';
  toggle.lang = language === 'en' ? 'zh' : 'en';
  const [, kind = ''] = location.hash.split('?')[0]?.split('/') ?? [];
  const nav = byId('nav');
  nav.setAttribute('aria-label', word('dashboards'));
  nav.replaceChildren(
    ...dashboards.map((definition, index) => {
      const current = definition.name === kind || (index === 0 && kind === '');
      return element(
        'a',
        { href: `#/${definition.name}`, 'aria-current': current ? 'page' : undefined },
        say(definition.title),
      );
    }),
  );
}

/** All controls are rebuilt; the focus stays on the one that was used. */
async function dressControls(): Promise<void> {
  const range = element(
    'select',
    {
      id: 'range',
      change: (event) =>
        rescope({ rangeSeconds: Number((event.target as HTMLSelectElement).value), labels: scope.labels }),
    },
    ...RANGES.map(([seconds, name]) =>
      element('option', { value: seconds, selected: seconds === scope.rangeSeconds }, word(name)),
    ),
  );
  const filters = await labelFilters();
  const controls = byId('controls');
  const used = [...controls.querySelectorAll('select, button')].indexOf(document.activeElement ?? controls);
  controls.replaceChildren(
    element('label', {}, `${word('range')} `, range),
    ...filters,
    element(
      'button',
      { type: 'button', click: () => rescope({ rangeSeconds: scope.rangeSeconds, labels: {} }) },
      word('clear'),
    ),
    element('button', { type: 'button', click: () => void showAll() }, word('reload')),
  );
  if (used >= 0) controls.querySelectorAll<HTMLElement>('select, button')[used]?.focus();
}

async function labelFilters(): Promise<HTMLElement[]> {
  const values = new Map<string, string[]>();
  for (const { label = '', value = '' } of (await api.labels(scope)).rows as Array<{
    label?: string;
    value?: string;
  }>) {
    values.set(label, [...(values.get(label) ?? []), value]);
  }
  // An active filter is always shown, even if the time range has none of its sessions.
  for (const [label, value] of Object.entries(scope.labels)) {
    const listed = values.get(label) ?? [];
    if (!listed.includes(value)) values.set(label, [...listed, value]);
  }
  return [...values].map(([label, options]) => {
    const select = element(
      'select',
      { 'data-label': label, change: (event) => filterBy(label, (event.target as HTMLSelectElement).value) },
      element('option', { value: '' }, word('any')),
      ...options.map((option) =>
        element('option', { value: option, selected: scope.labels[label] === option }, option),
      ),
    );
    return element('label', {}, `${label} `, select);
  });
}

function filterBy(label: string, value: string): void {
  const { [label]: _, ...others } = scope.labels;
  rescope({
    rangeSeconds: scope.rangeSeconds,
    labels: value === '' ? others : { ...others, [label]: value },
  });
}

function rescope(next: Scope): void {
  scope = next;
  void showAll();
}

async function lookup(): Promise<void> {
  const input = byId('lookup-id') as HTMLInputElement;
  const id = input.value.trim();
  if (id === '') {
    input.focus();
    return;
  }
  hideMessage();
  announce(word('loading'));
  try {
    const response = await api.lookup(id);
    lookedUp = { id, response };
    // A refusal is shown in the transaction's view, next to what was known before.
    if (response.status !== 200) announce(responseNote(response));
    else
      showMessage(
        `${word('lookupDone')} · ${word('stored')}: ${plain(String(response.body['stored']))}`,
        'good',
      );
    const target = `#/transactions/${encodeURIComponent(id)}`;
    if (location.hash === target) await showAll();
    else location.hash = target;
  } catch (error) {
    showMessage(explain(error), 'bad', mayPass(error) ? () => void lookup() : undefined);
  }
}

start();
