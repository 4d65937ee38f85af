import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SlsError, UpstreamTimeoutError } from '../../../shared/errors.ts';
import type { RecordOutput } from '../../../shared/record/to-record.ts';
import { decodeContents, encodeLogGroup } from '../../../shared/sls/codec.ts';
import type { EncodedLog, Log, SlsDataPlane } from '../../../shared/sls/types.ts';
import { encodeOutput, writeRecords } from '../../../shared/write-records.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

type Row = Record<string, string>;

/** What SLS would hold, with a rule that refuses groups. */
class FakeStore {
  readonly rows: Record<string, Row[]> = { 'idv-records': [], 'idv-events': [] };
  readonly groups: { logstore: string; rows: number; bytes: number }[] = [];
  calls = 0;
  readonly #refuse: (rows: readonly Row[], logstore: string) => Error | undefined;

  constructor(refuse: (rows: readonly Row[], logstore: string) => Error | undefined = () => undefined) {
    this.#refuse = refuse;
  }

  get plane(): SlsDataPlane {
    const putLogs = async (logstore: string, logs: readonly (Log | EncodedLog)[]) => {
      this.calls += 1;
      const rows = logs.map((log) =>
        'bytes' in log ? decodeContents(log) : Object.fromEntries(log.contents),
      );
      const refusal = this.#refuse(rows, logstore);
      if (refusal !== undefined) throw refusal;
      this.rows[logstore]?.push(...rows);
      const bytes = encodeLogGroup({ logs }).length;
      this.groups.push({ logstore, rows: rows.length, bytes });
    };
    return { putLogs } as unknown as SlsDataPlane;
  }
}

const output = (id: string, { events = 2, raw = '{}' } = {}): RecordOutput => ({
  record: { transaction_id: id, revision: `r${id}`, final: 'true', disposition: 'answered', raw },
  events: Array.from({ length: events }, (_, index) => ({
    transaction_id: id,
    revision: `r${id}`,
    lang: 'en',
    seq: index + 1,
    text: `line ${index}`,
  })),
});

async function write(store: FakeStore, outputs: readonly RecordOutput[]) {
  const clock = new VirtualClock();
  return clock.run(writeRecords(store.plane, outputs.map(encodeOutput), { clock, random: () => 0.5 }));
}

const contentRefusal = new SlsError(400, 'PostBodyInvalid', 'no');

describe('groups', () => {
  it('are few and large: about a megabyte, some thousand rows', async () => {
    const store = new FakeStore();
    const outputs = Array.from({ length: 5_000 }, (_, index) =>
      output(`t${index}`, { raw: 'x'.repeat(600) }),
    );
    expect(await write(store, outputs)).toEqual({ records: 5_000, events: 10_000, reduced: 0 });
    expect(store.rows['idv-records']).toHaveLength(5_000);
    expect(store.rows['idv-events']).toHaveLength(10_000);
    expect(Math.max(...store.groups.map(({ rows }) => rows))).toBeLessThanOrEqual(4_000);
    expect(Math.max(...store.groups.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1_200_000);
    expect(store.calls).toBeLessThanOrEqual(10);
  });

  it('events are there before their record', async () => {
    const store = new FakeStore();
    await write(store, [output('a')]);
    expect(store.groups.map(({ logstore }) => logstore)).toEqual(['idv-events', 'idv-records']);
  });

  it('nothing to write is no call', async () => {
    const store = new FakeStore();
    await write(store, []);
    expect(store.calls).toBe(0);
  });
});

describe('a row that is refused for its content', () => {
  const poisoned = (id: string) => (rows: readonly Row[], logstore: string) =>
    logstore === 'idv-records' && rows.some((row) => row.transaction_id === id && row.raw !== undefined)
      ? contentRefusal
      : undefined;

  it('is found by halving and written reduced; its neighbours are whole', async () => {
    const store = new FakeStore(poisoned('t613'));
    const outputs = Array.from({ length: 1_000 }, (_, index) => output(`t${index}`));
    expect(await write(store, outputs)).toMatchObject({ reduced: 1 });
    const records = store.rows['idv-records'] ?? [];
    expect(records).toHaveLength(1_000);
    const [reduced] = records.filter(({ write_error }) => write_error !== undefined);
    expect(reduced).toMatchObject({ transaction_id: 't613', write_error: '400 PostBodyInvalid' });
    expect(reduced).not.toHaveProperty('raw');
    expect(records.filter(({ raw }) => raw === '{}')).toHaveLength(999);
    expect(store.calls).toBeLessThan(30);
  });

  it('a line of the log likewise', async () => {
    const store = new FakeStore((rows, logstore) =>
      logstore === 'idv-events' && rows.some((row) => row.text === 'line 1' && row.write_error === undefined)
        ? new SlsError(413, 'PostBodyTooLarge', 'no')
        : undefined,
    );
    expect(await write(store, [output('a', { events: 3 })])).toMatchObject({ reduced: 1 });
    expect(store.rows['idv-events']).toHaveLength(3);
  });

  it('one that is refused even reduced is thrown, not dropped', async () => {
    const store = new FakeStore(() => contentRefusal);
    await expect(write(store, [output('a')])).rejects.toBe(contentRefusal);
  });

  it('a refusal for the clock is not taken for one: nothing is halved', async () => {
    const skewed = new SlsError(400, 'RequestTimeExpired', 'clock');
    const store = new FakeStore(() => skewed);
    await expect(write(store, [output('a'), output('b')])).rejects.toBe(skewed);
    expect(store.calls).toBe(1);
  });

  it('no row is lost or doubled, wherever the bad ones are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.nat(59), { maxLength: 8 }),
        async (count, bad) => {
          const badIds = new Set(bad.map((index) => `t${index}`));
          const store = new FakeStore((rows) =>
            rows.some((row) => badIds.has(row.transaction_id ?? '') && row.write_error === undefined)
              ? contentRefusal
              : undefined,
          );
          const ids = Array.from({ length: count }, (_, index) => `t${index}`);
          await write(
            store,
            ids.map((id) => output(id, { events: 1 })),
          );
          expect(store.rows['idv-records']?.map((row) => row.transaction_id)).toEqual(ids);
          expect(store.rows['idv-events']?.map((row) => row.transaction_id)).toEqual(ids);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what SLS cannot take at the moment', () => {
  it.each([
    new SlsError(403, 'WriteQuotaExceed', ''),
    new SlsError(403, 'ShardWriteQuotaExceed', ''),
    new SlsError(500, 'InternalServerError', ''),
    new SlsError(503, 'ServerBusy', ''),
    new UpstreamTimeoutError('late'),
  ])('is sent again: %s', async (error) => {
    let failures = 3;
    const store = new FakeStore(() => {
      failures -= 1;
      return failures >= 0 ? error : undefined;
    });
    await write(store, [output('a', { events: 0 })]);
    expect(store.rows['idv-records']).toHaveLength(1);
    expect(store.calls).toBe(4);
  });

  it('but not for ever', async () => {
    const store = new FakeStore(() => new SlsError(403, 'WriteQuotaExceed', ''));
    await expect(write(store, [output('a')])).rejects.toThrow('WriteQuotaExceed');
    expect(store.calls).toBe(6);
  });

  it('refused credentials are not asked again: the next run has new ones', async () => {
    const store = new FakeStore(() => new SlsError(401, 'Unauthorized', ''));
    await expect(write(store, [output('a')])).rejects.toThrow('Unauthorized');
    expect(store.calls).toBe(1);
  });
});
