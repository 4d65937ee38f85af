import { SweepWorld } from '../support/sweep-world.ts';
import { type Bench, sampleOf } from './harness.ts';
import { runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const DUE_ROWS = 100_000;
const WAITING_ROWS = 1_000_000;
const ROUNDS = 3;

/** Peak memory of the whole process over a run of 100,000 due rows, as fast as it goes. */
async function peakMb(): Promise<number> {
  const cloud = await new StubCloud({ rows: DUE_ROWS }).listen();
  try {
    const run = await runBundle({ mode: 'whole', bundle: 'sweep', event: TIMER_EVENT, endpoint: cloud.url });
    if (run.answer?.ended !== 'done' || cloud.calls !== DUE_ROWS) throw new Error('the run was not whole');
    return run.maxRssMb;
  } finally {
    await cloud.close();
  }
}

/** A warm instance's run over 100 due rows, in front of so many that wait. */
async function tickMs(waiting: number): Promise<number> {
  const world = await SweepWorld.open({ env: { QPS_LIMIT: '250' } });
  try {
    await world.report();
    await world.register(100);
    await world.age();
    for (let from = 0; from < waiting; from += 4_000) {
      await world.queue(
        Array.from({ length: 4_000 }, (_, index) => ({ transaction_id: `w${from + index}` })),
        4_000,
      );
    }
    return Number((await world.report()).duration_ms);
  } finally {
    await world.close();
  }
}

async function ticks(waiting: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await tickMs(waiting));
  return times;
}

export const sweepScale: Bench = {
  name: 'sweep-scale',
  async run() {
    return [
      {
        name: 'sweep-memory',
        what: `peak memory of a run over ${DUE_ROWS} due rows`,
        unit: 'MB',
        measured: sampleOf([await peakMb()]),
        target: 160,
        compare: 'value',
        note: 'groups of 200, answers at once, no pace: the most garbage a second there can be',
        whatItTakes: 'fewer rows between being asked and being written (functions/sweep/feed.ts)',
      },
      {
        name: 'cost-of-waiting',
        what: `a tick with 100 due and ${WAITING_ROWS} waiting rows`,
        unit: 'ms',
        measured: sampleOf(await ticks(WAITING_ROWS)),
        floor: { ...sampleOf(await ticks(0)), what: 'the same with 100 rows in all' },
        target: 1.2,
        compare: 'ratio',
        whatItTakes: 'no read or query that grows with the queue',
      },
    ];
  },
};
