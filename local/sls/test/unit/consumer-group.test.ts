import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConsumerGroup, type ConsumerGroupRecord, type ShardView } from '../../src/storage/consumer-group.ts';

const TIMEOUT_SECONDS = 60;

function views(count: number): ShardView[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    isReadOnly: false,
    parents: [],
    endCursor: Buffer.from(`10${id}`).toString('base64'),
  }));
}

function newRecord(order = false): ConsumerGroupRecord {
  return { name: 'g', timeout: TIMEOUT_SECONDS, order, consumers: [], leases: {}, checkpoints: {} };
}

describe('ConsumerGroup', () => {
  let nowMs = 0;
  let saved: ConsumerGroupRecord | undefined;
  let group: ConsumerGroup;
  const deps = {
    clock: () => nowMs,
    save: (record: ConsumerGroupRecord) => {
      saved = structuredClone(record);
    },
  };

  beforeEach(() => {
    nowMs = 1_800_000_000_000;
    saved = undefined;
    group = new ConsumerGroup(newRecord(), deps);
  });

  it('gives a lone consumer every shard at its first heartbeat', () => {
    expect(group.heartbeat('a', [], views(3))).toEqual([0, 1, 2]);
    expect(group.heartbeat('a', [0, 1, 2], views(3))).toEqual([0, 1, 2]);
  });

  it('refuses an unknown consumer that claims shards', () => {
    expect(() => group.heartbeat('a', [0], views(1))).toThrow(
      expect.objectContaining({ code: 'NotExistConsumerWithBody' }),
    );
    expect(group.heartbeat('a', [], views(1))).toEqual([0]);
  });

  it('moves a shard to a newcomer only after its owner heartbeats without it', () => {
    group.heartbeat('a', [], views(2));
    expect(group.heartbeat('b', [], views(2))).toEqual([]);
    expect(group.heartbeat('a', [0, 1], views(2))).toEqual([0]);
    // The owner has not let go yet: it may still be writing.
    expect(group.heartbeat('b', [], views(2))).toEqual([]);
    expect(group.heartbeat('a', [0], views(2))).toEqual([0]);
    expect(group.heartbeat('b', [], views(2))).toEqual([1]);
  });

  it('lets the owner keep a shard whose next holder has died meanwhile', () => {
    group.heartbeat('a', [], views(2));
    group.heartbeat('b', [], views(2));
    nowMs += (TIMEOUT_SECONDS - 1) * 1000;
    group.heartbeat('a', [0, 1], views(2));
    nowMs += 2000;
    expect(group.heartbeat('a', [0, 1], views(2))).toEqual([0, 1]);
  });

  it('gives a dead consumer’s shards away after the timeout and not before', () => {
    group.heartbeat('a', [], views(1));
    nowMs += TIMEOUT_SECONDS * 1000;
    expect(group.heartbeat('b', [], views(1))).toEqual([]);
    nowMs += 1;
    expect(group.heartbeat('b', [], views(1))).toEqual([0]);
  });

  it('gives shards that are let go of to whoever has the fewest', () => {
    group.heartbeat('a', [], views(3));
    group.heartbeat('b', [], views(3));
    group.heartbeat('a', [0, 1, 2], views(3));
    group.heartbeat('a', [0, 1], views(3));
    expect(group.heartbeat('b', [], views(3))).toEqual([2]);
    // b lets go of its only shard: a has two already, so b is given one again.
    expect(group.heartbeat('b', [], views(3))).toEqual([2]);
    // a lets go of both: one for each, as b has one.
    expect(group.heartbeat('a', [], views(3))).toHaveLength(2);
  });

  it('gives a consumer that starts anew under its old name its shard back at once', () => {
    group.heartbeat('a', [], views(1));
    group.heartbeat('a', [0], views(1));
    expect(group.heartbeat('a', [], views(1))).toEqual([0]);
  });

  it('does not take a restart of the server for the death of its consumers', () => {
    group.heartbeat('a', [], views(1));
    const reopened = new ConsumerGroup(saved ?? newRecord(), deps);
    expect(reopened.heartbeat('b', [], views(1))).toEqual([]);
    expect(reopened.heartbeat('a', [0], views(1))).toEqual([0]);
  });

  describe('checkpoints', () => {
    const update = (given: {
      consumer?: string;
      forceSuccess?: boolean;
      checkpoint?: string;
      shard?: number;
    }) =>
      group.updateCheckpoint({
        shard: given.shard ?? 0,
        checkpoint: given.checkpoint ?? 'MTAw',
        consumer: given.consumer,
        forceSuccess: given.forceSuccess ?? false,
      });

    it('are taken from the holder, and shown', () => {
      group.heartbeat('a', [], views(2));
      update({ consumer: 'a' });
      expect(group.checkpoints([0, 1])).toEqual([
        { shard: 0, checkpoint: 'MTAw', updateTime: nowMs * 1000, consumer: 'a' },
        { shard: 1, checkpoint: '', updateTime: 0, consumer: '' },
      ]);
    });

    it('are refused from another consumer, unless forced', () => {
      group.heartbeat('a', [], views(1));
      group.heartbeat('b', [], views(1));
      expect(() => update({ consumer: 'b' })).toThrow(expect.objectContaining({ code: 'ConsumerNotMatch' }));
      expect(group.checkpoints([0])[0]).toMatchObject({ checkpoint: '' });
      update({ consumer: 'b', forceSuccess: true });
      expect(group.checkpoints([0])[0]).toMatchObject({ checkpoint: 'MTAw', consumer: 'b' });
    });

    it('are refused from a consumer whose lease is over', () => {
      group.heartbeat('a', [], views(1));
      nowMs += TIMEOUT_SECONDS * 1000;
      update({ consumer: 'a' });
      nowMs += 1;
      expect(() => update({ consumer: 'a' })).toThrow(
        expect.objectContaining({ code: 'ConsumerNotExist', status: 404 }),
      );
    });

    it('are taken from a holder that is asked to give the shard up', () => {
      group.heartbeat('a', [], views(2));
      group.heartbeat('b', [], views(2));
      update({ consumer: 'a', shard: 1 });
      group.heartbeat('a', [0], views(2));
      expect(() => update({ consumer: 'a', shard: 1 })).toThrow(
        expect.objectContaining({ code: 'ConsumerNotMatch' }),
      );
    });

    it('need force when no consumer is named', () => {
      expect(() => update({})).toThrow(expect.objectContaining({ code: 'ConsumerNotExist' }));
      update({ forceSuccess: true });
      expect(group.checkpoints([0])[0]).toMatchObject({ checkpoint: 'MTAw', consumer: '' });
    });

    it('must be base64', () => {
      expect(() => update({ forceSuccess: true, checkpoint: 'no base64!' })).toThrow(
        expect.objectContaining({ code: 'InvalidShardCheckPoint' }),
      );
    });
  });

  describe('with split shards', () => {
    const split: ShardView[] = [
      { id: 0, isReadOnly: true, parents: [], endCursor: 'MTA1' },
      { id: 1, isReadOnly: false, parents: [0], endCursor: 'MjAw' },
      { id: 2, isReadOnly: false, parents: [0], endCursor: 'MzAw' },
    ];
    const drain = () =>
      group.updateCheckpoint({ shard: 0, checkpoint: 'MTA1', consumer: undefined, forceSuccess: true });

    it('keeps the children back until the parent is read, if order is asked for', () => {
      group = new ConsumerGroup(newRecord(true), deps);
      expect(group.heartbeat('a', [], split)).toEqual([0]);
      drain();
      expect(group.heartbeat('a', [0], split)).toEqual([1, 2]);
    });

    it('gives parent and children at once otherwise, and takes back a parent that is read', () => {
      expect(group.heartbeat('a', [], split)).toEqual([0, 1, 2]);
      drain();
      expect(group.heartbeat('a', [0, 1, 2], split)).toEqual([1, 2]);
    });
  });

  it('never has two holders of a shard, and comes to rest balanced', () => {
    const step = fc.record({
      consumer: fc.constantFrom('a', 'b', 'c', 'd'),
      waitSeconds: fc.constantFrom(0, 1, 20, 59, 61),
      obeys: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 60 }), (shardCount, steps) => {
        nowMs = 1_800_000_000_000;
        group = new ConsumerGroup(newRecord(), deps);
        const shards = views(shardCount);
        /** What a consumer works on: what it was last given, as long as its lease can still run. */
        const working = new Map<string, { shards: number[]; sinceMs: number }>();
        const beat = (consumer: string, obeys: boolean) => {
          const mine = working.get(consumer);
          const isLive = mine !== undefined && nowMs - mine.sinceMs <= TIMEOUT_SECONDS * 1000;
          const claimed = isLive ? mine.shards : [];
          const given = group.heartbeat(consumer, claimed, shards);
          const kept = obeys ? given : [...new Set([...claimed, ...given])];
          working.set(consumer, { shards: kept, sinceMs: nowMs });
        };
        for (const { consumer, waitSeconds, obeys } of steps) {
          nowMs += waitSeconds * 1000;
          beat(consumer, obeys);
          const held = [...working.values()]
            .filter((entry) => nowMs - entry.sinceMs <= TIMEOUT_SECONDS * 1000)
            .flatMap((entry) => entry.shards);
          expect(held).toHaveLength(new Set(held).size);
        }
        const live = ['a', 'b', 'c'];
        nowMs += (TIMEOUT_SECONDS + 1) * 1000;
        for (let round = 0; round < 4; round += 1) for (const consumer of live) beat(consumer, true);
        const counts = live.map((consumer) => working.get(consumer)?.shards.length ?? 0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(shardCount);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
