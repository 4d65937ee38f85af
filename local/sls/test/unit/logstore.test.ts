import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredRow } from '../../src/query/contract.ts';
import { Logstore, type LogstoreRecord } from '../../src/storage/logstore.ts';
import { evenRanges, type Shard } from '../../src/storage/shard.ts';
import { encodeGroup } from '../support/log-group.ts';

const START_MS = 1_800_000_000_000;

function newRecord(shardCount: number, appendMeta = false): LogstoreRecord {
  const shards: Shard[] = evenRanges(shardCount).map((range, id) => ({
    id,
    status: 'readwrite',
    ...range,
    createdAtSeconds: START_MS / 1000,
    cursorBase: `${START_MS}000000`,
    parents: [],
  }));
  return {
    name: 'store',
    id: 'id',
    createdAtSeconds: START_MS / 1000,
    modifiedAtSeconds: START_MS / 1000,
    settings: {
      ttl: 30,
      enable_tracking: false,
      autoSplit: false,
      maxSplitShard: 64,
      appendMeta,
      mode: 'standard',
      telemetryType: '',
    },
    meteringMode: 'ChargeByFunction',
    shards,
  };
}

describe('Logstore', () => {
  let directory = '';
  let nowMs = START_MS;
  let store: Logstore;

  const open = (record: LogstoreRecord) => {
    store = new Logstore({ project: 'p', record, segmentPath: join(directory, 'rows.log') }, () => nowMs);
    return store;
  };
  const append = (values: string[], shardId = 0) => {
    const body = encodeGroup(
      values.map((value) => ({ contents: { value } })),
      { topic: 't', source: 's' },
    );
    store.append(store.shard(shardId), { body, rowCount: values.length, clientIp: '10.1.2.3' });
  };
  const readAll = async (from: number, to: number): Promise<StoredRow[]> => {
    const rows: StoredRow[] = [];
    for await (const batch of store.read(from, to)) rows.push(...batch);
    return rows;
  };

  beforeEach(() => {
    directory = fs.mkdtempSync(join(tmpdir(), 'logstore-'));
    nowMs = START_MS;
  });
  afterEach(() => {
    store.close();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  it('numbers rows in order of arrival over all shards, and reads any range of them', async () => {
    const groups = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 6 })), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(groups, fc.nat(60), fc.nat(60), async (list, a, b) => {
        fs.rmSync(join(directory, 'rows.log'), { force: true });
        open(newRecord(3));
        const expected: string[] = [];
        for (const [shard, count] of list) {
          const values = Array.from({ length: count }, (_, i) => `${expected.length + i}`);
          append(values, shard);
          expected.push(...values);
        }
        expect(store.rowCount).toBe(expected.length);
        const [from, to] = a < b ? [a, b] : [b, a];
        const rows = await readAll(from, to);
        expect(rows.map((row) => row.contents[0]?.[1])).toEqual(expected.slice(from, to));
        expect(rows.map((row) => row.sequence)).toEqual(rows.map((_, i) => from + i));
        store.close();
        // Opened anew, it is the same.
        open(newRecord(3));
        expect(await readAll(from, to)).toEqual(rows);
        store.close();
      }),
      { numRuns: 60 },
    );
    open(newRecord(1));
  });

  it('reads many rows in batches', async () => {
    open(newRecord(1));
    for (let i = 0; i < 50; i += 1) append(Array.from({ length: 100 }, (_, n) => `${i * 100 + n}`));
    const sizes: number[] = [];
    for await (const batch of store.read(0, store.rowCount)) sizes.push(batch.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5000);
    expect(sizes.length).toBeGreaterThan(1);
  });

  it('shows receive time and client address as tags, if it is set so', async () => {
    open(newRecord(1, true));
    append(['x']);
    const [row] = await readAll(0, 1);
    expect(row).toMatchObject({ topic: 't', source: 's', receiveTimeMs: START_MS });
    expect(row?.tags).toEqual([
      ['__client_ip__', '10.1.2.3'],
      ['__receive_time__', String(START_MS / 1000)],
    ]);
  });

  it('moves its epoch when receive times move, and the tags with them', async () => {
    open(newRecord(1, true));
    append(['old']);
    const before = store.epoch;
    store.age(60_000);
    append(['new']);
    expect(store.epoch).not.toBe(before);
    const rows = await readAll(0, 2);
    expect(rows.map((row) => row.receiveTimeMs)).toEqual([START_MS - 60_000, START_MS]);
  });

  it('finds positions by receive time', () => {
    open(newRecord(1));
    for (let i = 0; i < 10; i += 1) {
      nowMs = START_MS + i * 1000;
      append([String(i)]);
    }
    expect(store.segment.positionAtOrAfter(0, START_MS - 1)).toBe(0);
    expect(store.segment.positionAtOrAfter(0, START_MS + 4000)).toBe(4);
    expect(store.segment.positionAtOrAfter(0, START_MS + 4001)).toBe(5);
    expect(store.segment.positionAtOrAfter(0, START_MS + 60_000)).toBe(10);
  });

  it('keeps receive times in order when the clock is set back', () => {
    open(newRecord(1));
    append(['a']);
    nowMs = START_MS - 5000;
    append(['b']);
    expect(store.segment.infoInShard(0, 1).receivedAtMs).toBe(START_MS);
  });

  it('gives consecutive cursors and refuses those of what is no longer kept', () => {
    open(newRecord(1));
    const shard = store.shard(0);
    append(['a']);
    nowMs = START_MS + 10 * 86_400_000;
    append(['b']);
    const cursors = [0, 1, 2].map((position) => store.cursorAt(shard, position));
    expect(cursors.map((cursor) => store.positionOf(shard, cursor))).toEqual([0, 1, 2]);
    expect(() => store.positionOf(shard, store.cursorAt(shard, 3))).toThrow(
      expect.objectContaining({ code: 'InvalidCursor' }),
    );
    nowMs = START_MS + 31 * 86_400_000;
    expect(store.window(shard)).toEqual({ begin: 1, end: 2 });
    expect(() => store.positionOf(shard, cursors[0] ?? '')).toThrow(
      expect.objectContaining({ code: 'InvalidCursor' }),
    );
    expect(store.positionOf(shard, cursors[1] ?? '')).toBe(1);
    store.record.settings.ttl = 3650;
    expect(store.positionOf(shard, cursors[0] ?? '')).toBe(0);
  });

  it('shows a query nothing that is no longer kept, whatever it has loaded before', async () => {
    open(newRecord(2));
    append(['a', 'b']);
    append(['c'], 1);
    nowMs = START_MS + 10 * 86_400_000;
    append(['d']);
    const valuesKept = async () =>
      (await readAll(0, 100)).map(({ contents }) => contents.map(([, value]) => value).join());
    expect(await valuesKept()).toEqual(['a', 'b', 'c', 'd']);
    const loadedIn = store.epoch;
    nowMs = START_MS + 30 * 86_400_000;
    expect([await valuesKept(), store.epoch]).toEqual([['a', 'b', 'c', 'd'], loadedIn]);
    nowMs += 1;
    expect(await valuesKept()).toEqual(['d']);
    expect(store.epoch).not.toBe(loadedIn);
    // Kept for longer again: the rows are still there here, and what was loaded without them is not believed.
    const without = store.epoch;
    store.record.settings.ttl = 60;
    expect(await valuesKept()).toEqual(['a', 'b', 'c', 'd']);
    expect(store.epoch).not.toBe(without);
  });
});
