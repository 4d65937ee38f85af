import { type SweepWorld, saysTruth } from './sweep-world.ts';

/** Ticks, and lets time pass, until every transaction is final or patience is over. Answers the runs it took. */
export async function sweepUntilFinal(
  world: SweepWorld,
  ids: readonly string[],
  { mostRuns = 8 }: { mostRuns?: number } = {},
): Promise<number> {
  for (let runs = 0; ; runs += 1) {
    const finals = await world.finals();
    if (ids.every((id) => finals.has(id)) || runs === mostRuns) return runs;
    await world.age();
    await world.run();
  }
}

export interface Faults {
  readonly lost: string[];
  readonly wrong: string[];
  /** Ids whose copies say different things. */
  readonly differing: string[];
}

/** Compares every final record with the known truth. */
export async function faultsOf(world: SweepWorld, ids: readonly string[]): Promise<Faults> {
  const finals = await world.finals();
  const rowsOf = (id: string) => finals.get(id) ?? [];
  return {
    lost: ids.filter((id) => rowsOf(id).length === 0),
    wrong: ids.filter((id) => !rowsOf(id).every(saysTruth)),
    differing: ids.filter((id) => new Set(rowsOf(id).map(({ revision }) => revision)).size > 1),
  };
}

export const NO_FAULTS: Faults = { lost: [], wrong: [], differing: [] };

/**
 * What the ledger would call residual, worked out from the rows themselves: no final record, and the checkpoint
 * past every row of it.
 */
export async function passedWithoutRecord(world: SweepWorld, ids: readonly string[]): Promise<string[]> {
  const finals = await world.finals();
  const waiting = new Set<string>();
  for (const { shard, checkpoint } of await world.client.getCheckpoints('idv-pending', 'idv-sweep')) {
    let cursor = checkpoint || (await world.client.getCursor('idv-pending', shard, 'begin')).cursor;
    for (;;) {
      const pulled = await world.client.pullLogs('idv-pending', shard, { cursor, count: 100 });
      for (const { logs } of pulled.groups)
        for (const { contents } of logs) waiting.add(contents.transaction_id ?? '');
      if (pulled.nextCursor === cursor) break;
      cursor = pulled.nextCursor;
    }
  }
  return ids.filter((id) => !finals.has(id) && !waiting.has(id));
}
