import { describe, expect, it } from '@jest/globals';
import { Inquiries } from '../../../../functions/sweep/inquiry.ts';
import { Lease } from '../../../../functions/sweep/lease.ts';
import { runSweep } from '../../../../functions/sweep/run.ts';
import type { CheckVerifyLogOutcome } from '../../../../shared/cloudauth/outcome.ts';
import { SlsError } from '../../../../shared/errors.ts';
import type { PendingTransaction } from '../../../../shared/logstores/pending.ts';
import type { SlsDataPlane } from '../../../../shared/sls/types.ts';
import { type Contents, MemorySls } from '../../../support/memory-cloud.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../support/windows.ts';

const MINUTE_MS = 60_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const labelled = (labels: object) => JSON.stringify(labels);
const FORBIDDEN: CheckVerifyLogOutcome = { kind: 'forbidden', code: 'Forbidden.RAM', message: 'no rights' };

/** A sweep in memory, one run after the other. */
class World {
  readonly clock = new VirtualClock();
  readonly sls = new MemorySls(this.clock, MINUTE_MS);
  searchFails = false;
  /** Whether the n-th checkpoint from now is refused. */
  refuses: (nth: number) => boolean = () => false;
  checkpoints = 0;
  answer: (id: string) => CheckVerifyLogOutcome & { afterMs?: number } = (id) => ({
    kind: 'answered',
    code: 'Success',
    result: { VerifyStatus: '2', ExtInfo: id },
  });

  put(...rows: Contents[]): void {
    this.sls.put('idv-pending', rows);
  }

  putInto(shard: number, ...rows: Contents[]): void {
    const receivedMs = Math.floor(this.clock.now() / 1_000) * 1_000;
    this.sls.shards[shard]?.groups.push({ receivedMs, logs: rows });
  }

  /** Half an hour passes, then one run. */
  async run() {
    this.clock.set(this.clock.now() + 31 * MINUTE_MS);
    const startedAtMs = this.clock.now();
    const sls = this.sls.client(async (action, effect) => {
      if (action === 'GetLogsV2' && this.searchFails) throw new Error('no search today');
      await this.clock.sleep(5);
      if (action === 'UpdateCheckPoint') this.checkpoints += 1;
      if (action === 'UpdateCheckPoint' && this.refuses(this.checkpoints)) {
        throw new SlsError(400, 'ConsumerNotMatch', 'another consumer has the shard');
      }
      return effect();
    });
    const checkVerifyLog = async ({ transactionId }: { transactionId: string }) => {
      const { afterMs = 5, ...outcome } = this.answer(transactionId);
      await this.clock.sleep(afterMs);
      return outcome as CheckVerifyLogOutcome;
    };
    return this.clock.run(
      runSweep(
        { sls, cloudauth: { checkVerifyLog }, clock: this.clock, random: () => 0.5, log: SILENT },
        {
          region: 'ap-southeast-1',
          verifyDelayMs: 30 * MINUTE_MS,
          windows: DEFAULT_WINDOWS,
          retentionMs: 30 * 24 * 60 * MINUTE_MS,
          notCompletedAttempts: 4,
          maxAttempts: 8,
          leaseMs: MINUTE_MS,
          heartbeatMs: 20_000,
          pacePerSecond: 8,
          limitPerSecond: 8,
        },
        {
          runId: 'r',
          consumer: 'i',
          startedAtMs,
          endAtMs: startedAtMs + 570_000,
          cutOffAtMs: startedAtMs + 585_000,
          reportUntilMs: startedAtMs + 594_000,
        },
      ),
    );
  }

  viewOf(id: string): Contents | undefined {
    return (this.sls.rows.get('idv-records') ?? [])
      .filter((row) => row.transaction_id === id)
      .sort((one, other) => ((one.view_key ?? '') < (other.view_key ?? '') ? -1 : 1))
      .at(-1);
  }
}

const ids = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`);

describe('a batch of more rows than one search takes', () => {
  it('registered again without labels hides none', async () => {
    const world = new World();
    const opened = String(world.clock.now());
    const row = (id: string) => ({ transaction_id: id, initialized_at_ms: opened });
    world.put(...ids(40).map((id) => ({ ...row(id), labels: labelled({ a: '1' }) })));
    await world.run();
    world.put(...ids(40).map(row));
    await world.run();
    for (const id of ids(40)) expect(world.viewOf(id)?.labels).toBe(labelled({ a: '1' }));
  });

  it('registered again with other labels adds to those that there were', async () => {
    const world = new World();
    world.put(...ids(40).map((id) => ({ transaction_id: id, labels: labelled({ a: '1', b: '1' }) })));
    await world.run();
    world.put(...ids(40).map((id) => ({ transaction_id: id, labels: labelled({ b: '2' }) })));
    await world.run();
    for (const id of ids(40)) {
      expect(JSON.parse(world.viewOf(id)?.labels ?? '{}')).toEqual({ a: '1', b: '2' });
    }
  });
});

describe('a search that fails', () => {
  it('lets no row without labels stand before one that has them', async () => {
    const world = new World();
    const opened = String(world.clock.now());
    world.put({ transaction_id: 'x', initialized_at_ms: opened, labels: labelled({ a: '1' }) });
    await world.run();
    world.searchFails = true;
    world.put({ transaction_id: 'x', initialized_at_ms: opened });
    await world.run();
    expect(world.sls.rows.get('idv-records')).toHaveLength(2);
    expect(world.viewOf('x')?.labels).toBe(labelled({ a: '1' }));
    // Newer labels are newer labels all the same.
    world.put({ transaction_id: 'x', labels: labelled({ a: '2' }) });
    await world.run();
    expect(world.viewOf('x')?.labels).toBe(labelled({ a: '2' }));
  });
});

describe('rights that are refused', () => {
  it.each([1, 2])('of %i transactions a run count no attempt, and are said', async (count) => {
    const world = new World();
    world.put(...ids(count).map((id) => ({ transaction_id: id })));
    world.answer = () => FORBIDDEN;
    for (let runs = 0; runs < 9; runs += 1) {
      expect(await world.run()).toMatchObject({ ended: 'forbidden', failed: 'true', requeued: 0 });
    }
    expect(world.sls.rows.get('idv-records')).toBeUndefined();
  });

  it('the control: of one transaction alone, while the service answers, they are its own', async () => {
    const world = new World();
    world.put({ transaction_id: 't0' });
    world.answer = (id) =>
      id === 't0' ? FORBIDDEN : { kind: 'invalid', code: 'TransactionIdInvalid', message: '' };
    expect(await world.run()).toMatchObject({ ended: 'done', requeued: 1 });
  });
});

describe('a shard whose checkpoint is refused', () => {
  it('before anything is asked: the run ends, and the next one does it', async () => {
    const world = new World();
    world.put(...ids(3).map((id) => ({ transaction_id: id })));
    world.refuses = () => true;
    expect(await world.run()).toMatchObject({ ended: 'lease_lost', failed: 'false', asked: 0, calls: 0 });
    world.refuses = () => false;
    expect(await world.run()).toMatchObject({ ended: 'done', final_count: 3 });
  });

  it('after the answers are written: they come again, and the checkpoint has not moved', async () => {
    const world = new World();
    world.put(...ids(3).map((id) => ({ transaction_id: id })));
    world.refuses = (nth) => nth > 1;
    expect(await world.run()).toMatchObject({ ended: 'lease_lost', final_count: 3 });
    expect(world.sls.checkpointOf(0)).toBe(0);
    world.refuses = () => false;
    expect(await world.run()).toMatchObject({ ended: 'done', final_count: 3 });
    expect(world.sls.checkpointOf(0)).toBe(1);
    expect(world.sls.rows.get('idv-records')).toHaveLength(6);
  });

  it('takes its own rows with it, not those of another', async () => {
    const world = new World();
    world.sls.split();
    world.putInto(1, ...ids(3).map((id) => ({ transaction_id: id })));
    world.putInto(2, { transaction_id: 'other' });
    // All three are written back when they are opened; then the first one that moves is refused.
    world.refuses = (nth) => nth === 4;
    expect(await world.run()).toMatchObject({ ended: 'lease_lost', asked: 4 });
    expect(world.sls.checkpointOf(1) + world.sls.checkpointOf(2)).toBe(1);
    expect(await world.run()).toMatchObject({ ended: 'done' });
    expect([world.sls.checkpointOf(1), world.sls.checkpointOf(2)]).toEqual([1, 1]);
  });
});

describe('what a later row adds', () => {
  it('is written however many large records were between', async () => {
    const world = new World();
    world.sls.split();
    const large = 'x'.repeat(200_000);
    world.answer = (id) => ({
      kind: 'answered',
      code: 'Success',
      result: { VerifyStatus: '2', ExtInfo: id.startsWith('large') ? large : id },
      ...(id === 'slow' ? { afterMs: 120_000 } : {}),
    });
    const row = (id: string) => ({ transaction_id: id, labels: labelled({ a: '1' }) });
    world.searchFails = true;
    world.putInto(1, row('x'));
    for (let n = 0; n < 80; n += 1) world.putInto(1, row(`large${n}`));
    world.putInto(2, ...ids(4).map(row));
    world.putInto(2, row('slow'), { transaction_id: 'x', labels: labelled({ b: '2' }) });
    expect(await world.run()).toMatchObject({ ended: 'done' });
    expect(JSON.parse(world.viewOf('x')?.labels ?? '{}')).toEqual({ a: '1', b: '2' });
  });

  it('keeps a record from being let go until it is written', () => {
    const inquiries = new Inquiries(10);
    const row = (transactionId: string, labels: string): PendingTransaction => ({
      transactionId,
      registeredAtMs: 1,
      givenAtMs: 1,
      attempt: 0,
      kind: 'register',
      labels,
    });
    const output = {
      record: { bytes: new Uint8Array(8), ends: [8] },
      events: { bytes: new Uint8Array(), ends: [] },
    };
    const settled = (id: string) => {
      const inquiry = inquiries.meet(row(id, '{"a":"1"}'));
      inquiry.settle({ kind: 'final', disposition: 'answered', output, version: 0 });
      inquiry.written(inquiry.version);
      inquiries.keep(inquiry, 8);
      return inquiry;
    };
    const first = settled('first');
    expect(inquiries.meet(row('first', '{"b":"2"}'))).toBe(first);
    const second = settled('second');
    expect([first.isReleased, second.isReleased]).toEqual([false, true]);
  });
});

describe('heartbeats', () => {
  it('a late answer to an older one takes no shard away', async () => {
    const clock = new VirtualClock();
    const answers: ((shards: number[]) => void)[] = [];
    const heartbeat = () => new Promise<number[]>((resolve) => answers.push(resolve));
    let losses = 0;
    const lease = new Lease({
      sls: { heartbeat } as unknown as SlsDataPlane,
      clock,
      log: SILENT,
      consumer: 'i',
      leaseMs: 10_000,
      heartbeatMs: 3_000,
      onLost: () => {
        losses += 1;
      },
    });
    const never = new AbortController().signal;
    const acquired = lease.acquire(0, () => true);
    answers[0]?.([0]);
    expect(await acquired).toBe(true);
    clock.set(clock.now() + 6_000);
    const older = lease.confirm(never);
    clock.set(clock.now() + 100);
    const newer = lease.confirm(never);
    answers[2]?.([0, 1]);
    await newer;
    expect(lease.shards()).toEqual([0, 1]);
    answers[1]?.([0]);
    await older;
    expect(lease.shards()).toEqual([0, 1]);
    expect(losses).toBe(0);
    // The control: a newer answer does take it away, for good.
    clock.set(clock.now() + 6_000);
    const newest = lease.confirm(never);
    answers[3]?.([0]);
    await newest;
    expect([lease.shards(), losses]).toEqual([[0], 1]);
  });
});
