import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lookUp } from '../../../../functions/lookup/lookup.ts';
import { lookUpAll } from '../../../../functions/lookup/lookups.ts';
import { register } from '../../../../functions/lookup/register.ts';
import { type LookupServices, openRequest } from '../../../../functions/lookup/request.ts';
import type { LookupResponse } from '../../../../shared/api/responses.ts';
import type { Transaction } from '../../../../shared/api/transaction.ts';
import { SlsError } from '../../../../shared/errors.ts';
import { createRoleCredentials } from '../../../../shared/fc/invocation.ts';
import { createLogger } from '../../../../shared/logger.ts';
import { revisionOf } from '../../../../shared/record/to-record.ts';
import { decodeContents } from '../../../../shared/sls/codec.ts';
import type { EncodedLog, Log, QueryRequest, SlsDataPlane } from '../../../../shared/sls/types.ts';
import { cases, SEED } from '../../../support/depth.ts';
import { DEFAULT_WINDOWS } from '../../../support/windows.ts';

/**
 * Histories of one transaction: registrations, lookups that say more or less or something wrong, runs of a sweep, a
 * log store that fails, and time. After each step what was answered and what is stored are compared with a model of
 * the contract, which knows nothing of how the lookup works but the columns of the rows.
 */
const HISTORIES = cases({ quick: 2_000, deep: 50_000 });
const MINUTE_MS = 60_000;
const WAIT_MS = 30 * MINUTE_MS;
const START_MS = 1_795_400_000_000;
const ID = 'tx-1';
const IDS = ['m1', 'm2', 'm10'];
/** The one that is asked with where nobody gave one. */
const DERIVED_ID = createHash('sha256').update(ID).digest('hex').slice(0, 32);

type Row = Record<string, string>;
type Store = 'idv-pending' | 'idv-records';

/** What somebody says of the session, one text for each field. */
type Words = Record<string, string>;

interface Step {
  readonly afterMs: number;
  readonly act: 'register' | 'look up' | 'look up in a batch' | 'sweep';
  readonly id: string | undefined;
  /** Minutes from the true opening to the one that is said. */
  readonly openedOff: number | undefined;
  readonly labels: Record<string, string> | undefined;
  readonly unreadable: readonly Store[];
  /** The search answers a part, and says so, where it would not answer at all. */
  readonly inPart: boolean;
  readonly unwritable: readonly Store[];
}

const stores = (weight: number) =>
  fc.oneof(
    { weight, arbitrary: fc.constant<Store[]>([]) },
    { weight: 1, arbitrary: fc.subarray<Store>(['idv-pending', 'idv-records'], { minLength: 1 }) },
  );
const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.constantFrom(
    1,
    999,
    MINUTE_MS,
    10 * MINUTE_MS,
    29 * MINUTE_MS,
    31 * MINUTE_MS,
    120 * MINUTE_MS,
  ),
  act: fc.constantFrom('look up', 'look up in a batch', 'register', 'sweep'),
  id: fc.option(fc.constantFrom(...IDS), { nil: undefined }),
  openedOff: fc.option(fc.constantFrom(0, -40, 3), { nil: undefined }),
  labels: fc.option(
    fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', '10', ''), { minKeys: 1 }),
    { nil: undefined },
  ),
  unreadable: stores(4),
  inPart: fc.boolean(),
  unwritable: stores(6),
});

/** Jest's own comparison is the most of a history's time, so it is only asked where there is something to say. */
function check(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected });
}

/** Logstores in memory, and the lookup between them and a service that answers. */
function openWorld() {
  const rows: Record<Store, Row[]> = { 'idv-pending': [], 'idv-records': [] };
  const world = {
    nowMs: START_MS,
    unreadable: [] as readonly Store[],
    inPart: false,
    unwritable: [] as readonly Store[],
    calls: 0,
  };
  const openedMs = START_MS - MINUTE_MS;
  const put = (store: Store, row: Row) => {
    if (world.unwritable.includes(store)) throw new SlsError(403, 'WriteQuotaExceed', '');
    const seconds = String(Math.floor(world.nowMs / 1_000));
    rows[store].push({ ...row, __time__: seconds, '__tag__:__receive_time__': seconds });
  };
  const sls = {
    putLogs: async (store: Store | 'idv-events', logs: readonly (Log | EncodedLog)[]) => {
      if (store === 'idv-events') return;
      for (const log of logs)
        put(store, 'bytes' in log ? decodeContents(log) : Object.fromEntries(log.contents));
    },
    query: async (store: Store, { query, line = 100, offset = 0, reverse }: QueryRequest) => {
      check('search', [query, reverse], [`transaction_id: "${ID}"`, true]);
      const isOut = world.unreadable.includes(store);
      if (isOut && !world.inPart) throw new SlsError(500, 'InternalServerError', '');
      const found = isOut ? [] : [...rows[store]].reverse().slice(offset, offset + line);
      return { rows: found.map((row) => ({ ...row })), complete: !isOut };
    },
  } as unknown as SlsDataPlane;
  const services: LookupServices = {
    sls,
    cloudauth: {
      checkVerifyLog: async () => {
        world.calls += 1;
        return { kind: 'answered', code: 'Success', result: resultAt(world.nowMs) };
      },
    },
    pacer: { take: async () => ({ number: 0 }), accepted: () => undefined, throttled: () => undefined },
    clock: { now: () => world.nowMs, sleep: async () => undefined },
    random: () => 0,
    auth: { mode: 'trigger', tokenSha256: [] },
    logger: createLogger({ level: 'error' }),
    role: createRoleCredentials({ accessKeyId: 'a', accessKeySecret: 'b', securityToken: undefined }),
    settings: {
      region: 'ap-southeast-1',
      verifyDelayMs: WAIT_MS,
      callTimeoutMs: 1_000,
      windows: DEFAULT_WINDOWS,
    },
  };
  /** The log of a session changes until its half hour is over. */
  const resultAt = (ms: number) => ({ VerifyStatus: ms < openedMs + WAIT_MS ? '2' : '1' });
  /** The fake clock moves between the steps only, so nothing has to be cut off. */
  const request = () => {
    const opened = openRequest(services, {});
    opened.deadline.close();
    return opened;
  };
  return { world, rows, request, openedMs, resultAt, put };
}
type World = ReturnType<typeof openWorld>;

/** What a row says, and since when. */
interface Statement {
  readonly words: Words;
  /** Absent in a record that does not say. */
  readonly givenMs: number | undefined;
  readonly registeredMs: number | undefined;
  readonly receivedMs: number;
}

function wordsOf({ merchant_biz_id: id, initialized_at_ms: opened, labels }: Row): Words {
  return {
    // A record has the id that was asked with, which may be one that nobody gave.
    ...(id !== undefined && IDS.includes(id) ? { id } : {}),
    ...(opened === undefined ? {} : { opened }),
    ...Object.fromEntries(
      Object.entries(JSON.parse(labels ?? '{}')).map(([key, value]) => [`label ${key}`, String(value)]),
    ),
  };
}

function statementOf(row: Row): Statement {
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return {
    words: wordsOf(row),
    givenMs: number(row.given_at_ms),
    registeredMs: number(row.registered_at_ms),
    receivedMs: Number(row.__time__) * 1_000,
  };
}

/** Of each field what was given last, of two at once the greater text; what has no time only where nothing else is. */
function merge(statements: readonly Statement[]): Words {
  const merged: Record<string, { value: string; givenMs: number; receivedMs: number }> = {};
  for (const { words, givenMs = -1, receivedMs } of statements) {
    for (const [field, value] of Object.entries(words)) {
      const known = merged[field];
      const order =
        known === undefined
          ? 1
          : givenMs - known.givenMs || (givenMs < 0 ? receivedMs - known.receivedMs : 0);
      if (known === undefined || order > 0 || (order === 0 && value > known.value)) {
        merged[field] = { value, givenMs, receivedMs };
      }
    }
  }
  return Object.fromEntries(Object.entries(merged).map(([field, { value }]) => [field, value]));
}

const least = (values: readonly (number | undefined)[]) => {
  const there = values.filter((one) => one !== undefined);
  return there.length === 0 ? undefined : Math.min(...there);
};
const viewOf = (records: readonly Row[]) =>
  [...records].sort((one, other) => ((one.view_key ?? '') < (other.view_key ?? '') ? 1 : -1))[0];

interface Told {
  readonly words: Words;
  readonly atMs: number;
}

/** What the log store acknowledged, and whether a reader always saw all of it or nothing. */
interface Truth {
  readonly told: Told[];
  exact: boolean;
}

function toTransaction({ id, openedOff, labels }: Step, openedMs: number): Transaction {
  return {
    transactionId: ID,
    ...(id === undefined ? {} : { merchantBizId: id }),
    ...(openedOff === undefined ? {} : { initializedAtMs: openedMs + openedOff * MINUTE_MS }),
    ...(labels === undefined ? {} : { labels }),
  };
}

function wordsSaid({ merchantBizId: id, initializedAtMs, labels = {} }: Transaction): Words {
  return {
    ...(id === undefined ? {} : { id }),
    ...(initializedAtMs === undefined ? {} : { opened: String(initializedAtMs) }),
    ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [`label ${key}`, value])),
  };
}

async function run(steps: readonly Step[]): Promise<void> {
  const opened = openWorld();
  const { world } = opened;
  const truth: Truth = { told: [], exact: true };
  for (const one of steps) {
    world.nowMs += one.afterMs;
    if (one.act === 'sweep') sweep(opened);
    else if (one.act === 'register') await registerOnce(opened, one, truth);
    else await lookUpOnce(opened, one, truth);
  }
}

async function registerOnce({ world, rows, request, openedMs }: World, one: Step, truth: Truth) {
  const transaction = toTransaction(one, openedMs);
  world.unwritable = one.unwritable;
  const before = rows['idv-pending'].length;
  const item = { ok: true, value: transaction } as const;
  const accepted = await register(request(), [item, item]).then(
    (answer) => answer.accepted,
    () => 0,
  );
  world.unwritable = [];
  const added = rows['idv-pending'].slice(before);
  check(
    'accepted and queued',
    [accepted, added.length],
    one.unwritable.includes('idv-pending') ? [0, 0] : [2, 1],
  );
  if (added.length > 0) truth.told.push({ words: wordsSaid(transaction), atMs: world.nowMs });
}

/** A run of the sweep: one question, with all that the rows say that are due; it does not say since when. */
function sweep({ world, rows, resultAt, put }: World) {
  const due = rows['idv-pending'].map(statementOf).filter((one) => one.receivedMs + WAIT_MS <= world.nowMs);
  if (due.length === 0) return;
  const { id, opened, ...labels } = merge(due);
  const given = id !== undefined || opened !== undefined || Object.keys(labels).length > 0;
  const revision = revisionOf(ID, { sortedResultJson: JSON.stringify(resultAt(world.nowMs)) });
  put('idv-records', {
    transaction_id: ID,
    revision,
    view_key: `3${given ? 1 : 0}${String(world.nowMs).padStart(13, '0')}${revision}`,
    source: 'sweep',
    final: 'true',
    disposition: 'answered',
    code: 'Success',
    asked_at_ms: String(world.nowMs),
    registered_at_ms: String(least(due.map((one) => one.registeredMs))),
    merchant_biz_id: id ?? DERIVED_ID,
    ...(opened === undefined ? {} : { initialized_at_ms: opened }),
    ...(Object.keys(labels).length === 0
      ? {}
      : {
          labels: JSON.stringify(
            Object.fromEntries(
              Object.entries(labels).map(([key, value]) => [key.slice('label '.length), value]),
            ),
          ),
        }),
  });
}

async function ask({ request, openedMs, world }: World, one: Step): Promise<LookupResponse> {
  const transaction = toTransaction(one, openedMs);
  const signal = new AbortController().signal;
  if (one.act === 'look up') return lookUp(request(), transaction, signal);
  // The same in pieces, the last of which counts.
  const { transactionId, merchantBizId, initializedAtMs, labels } = transaction;
  const pieces: Transaction[] = [
    { transactionId, ...(merchantBizId === undefined ? {} : { merchantBizId: 'old' }) },
    { transactionId, ...(labels === undefined ? {} : { labels }) },
    { transactionId, ...(initializedAtMs === undefined ? {} : { initializedAtMs }) },
    { transactionId, ...(merchantBizId === undefined ? {} : { merchantBizId }) },
  ];
  const calls = world.calls;
  const { results } = await lookUpAll(
    request(),
    pieces.map((value) => ({ ok: true, value })),
  );
  check('calls', world.calls - calls, 1);
  const [first, ...others] = results.map(({ index: _, ...result }) => result);
  for (const other of others) check('item', other, first);
  check('outcome', first?.outcome, 'answered');
  return first as unknown as LookupResponse;
}

async function lookUpOnce(opened: World, one: Step, truth: Truth) {
  const { world, rows, openedMs } = opened;
  const { nowMs } = world;
  const seen = (store: Store) => (one.unreadable.includes(store) ? [] : rows[store].map(statementOf));
  const queued = seen('idv-pending');
  const known = [...queued, ...seen('idv-records')];
  const readable = one.unreadable.length === 0;
  const recordsBefore = [...rows['idv-records']];
  const queueBefore = rows['idv-pending'].length;
  Object.assign(world, { unreadable: one.unreadable, inPart: one.inPart, unwritable: one.unwritable });
  const answer = await ask(opened, one);
  Object.assign(world, { unreadable: [], unwritable: [] });
  const added = rows['idv-pending'].slice(queueBefore);
  const stored = rows['idv-records'].slice(recordsBefore.length);
  const said = wordsSaid(toTransaction(one, openedMs));

  // When it was opened: the later of what is said and what is known.
  const registeredMs = least(known.map((other) => other.registeredMs));
  const knownOpened = merge(known).opened;
  const knownOpenedMs = knownOpened === undefined ? registeredMs : Number(knownOpened);
  const openings = [knownOpenedMs, said.opened === undefined ? undefined : Number(said.opened)].filter(
    (ms) => ms !== undefined,
  );
  const final = openings.length > 0 && nowMs >= Math.max(...openings) + WAIT_MS;
  check('final', answer.final, final);
  check('history complete', answer.historyComplete, readable);

  // What the record says.
  const now: Statement = { words: said, givenMs: nowMs, registeredMs: undefined, receivedMs: nowMs };
  const merged = merge([...known, now]);
  const record = Object.fromEntries(
    Object.entries(answer.record).map(([key, value]) => [key, String(value)]),
  );
  check('words', wordsOf(record), merged);
  check('id', record.merchant_biz_id, merged.id ?? DERIVED_ID);
  const hasWords = Object.keys(merged).length > 0;
  check('rank', record.view_key?.slice(0, 2), `${final ? 3 : 1}${hasWords && readable ? 1 : 0}`);

  // What is stored: everything, unless what everybody sees says the same.
  const view = one.unreadable.includes('idv-records') ? undefined : viewOf(recordsBefore);
  const isThere =
    view?.final === 'true' &&
    view.revision === record.revision &&
    same(wordsOf(view), merged) &&
    same(merge(known), merged);
  const refused = one.unwritable.includes('idv-records');
  check('stored', answer.stored, isThere ? 'already' : !refused);
  check('rows stored', stored.length, answer.stored === true ? 1 : 0);

  // What is queued: whatever half an hour's knowledge does not make final, once, and what the queue does not say.
  const waits = queued.some((other) => other.receivedMs + WAIT_MS > nowMs);
  const waitsLong = queued.some((other) => other.receivedMs + WAIT_MS - MINUTE_MS > nowMs);
  const isNews = !same(merge(queued), merge([...queued, now]));
  const isSure = final && registeredMs !== undefined && nowMs >= registeredMs + WAIT_MS;
  check('registered', answer.registered, isSure ? undefined : added.length > 0 || (waitsLong && !isNews));
  if (answer.registered === true) {
    const isWaiting = rows['idv-pending'].some((row) => statementOf(row).receivedMs + WAIT_MS > nowMs);
    check('waiting', isWaiting, true);
  }
  if (final && nowMs < openedMs + WAIT_MS) check('too early', answer.registered !== undefined, true);
  const isNeedless =
    (waitsLong && !isNews) ||
    (isSure && (Object.keys(said).length === 0 || (queued.length === 0 && one.unreadable.length === 0)));
  if (isNeedless) check('needless rows', added, []);
  const isNeeded = !isSure || (waits && isNews);
  if (!isNeedless && isNeeded && !one.unwritable.includes('idv-pending'))
    check('rows queued', added.length, 1);
  check('one row at most', added.length <= 1, true);
  for (const row of added) {
    check('registered at', row.registered_at_ms, String(Math.min(registeredMs ?? nowMs, nowMs)));
    check('words queued', wordsOf(row), merged);
    const newest = Math.max(-1, ...[...known, now].map(givenOf));
    if (newest >= 0) check('given at', row.given_at_ms, String(newest));
    else if (!hasWords) check('given at', row.given_at_ms, undefined);
  }

  // All that was acknowledged is in what everybody sees, once a reader saw everything.
  if (answer.stored === true || added.length > 0) truth.told.push({ words: said, atMs: nowMs });
  if (!readable && one.unreadable.length < 2) truth.exact = false;
  if (final && readable && answer.stored !== false) {
    const best = viewOf(rows['idv-records']);
    check('revision seen', best?.revision, record.revision);
    check('words seen', wordsOf(best ?? {}), merged);
    if (truth.exact) check('words told', merged, merge(truth.told.map(toStatement)));
  }
}

/** When the newest of it was given, as far as it counts. */
function givenOf({ words, givenMs = -1 }: Statement): number {
  return Object.keys(words).length === 0 ? -1 : givenMs;
}

function toStatement({ words, atMs }: Told): Statement {
  return { words, givenMs: atMs, registeredMs: undefined, receivedMs: atMs };
}

function same(one: Words, other: Words): boolean {
  const text = (words: Words) => JSON.stringify(Object.entries(words).sort());
  return text(one) === text(other);
}

const QUIET: Step = {
  afterMs: MINUTE_MS,
  act: 'look up',
  id: undefined,
  openedOff: undefined,
  labels: undefined,
  unreadable: [],
  inPart: false,
  unwritable: [],
};
/** A lookup that cannot see the second registration repeats the first, later: it is no newer for that. */
const REPEATED: Step[] = [
  { ...QUIET, act: 'register', labels: { a: '2' } },
  QUIET,
  { ...QUIET, act: 'register', labels: { a: '1' } },
  { ...QUIET, unreadable: ['idv-pending'] },
  QUIET,
];

describe('a transaction that is registered and looked up in any order', () => {
  it(`agrees with the contract in ${HISTORIES} histories`, async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), run), {
      numRuns: HISTORIES,
      seed: SEED,
      examples: [[REPEATED]],
    });
  }, 1_200_000);
});
