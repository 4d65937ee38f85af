import { type Bench, sampleOf } from './harness.ts';
import { runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const ROUNDS = 3;
const ROWS = 4_000;
const LATENCY_MS = 50;
const CONCURRENCY = 16;
const POSSIBLE_PER_SECOND = (1_000 / LATENCY_MS) * CONCURRENCY;

async function perSecond(apiConcurrency: number): Promise<number> {
  const cloud = await new StubCloud({ rows: ROWS, apiLatencyMs: LATENCY_MS, apiConcurrency }).listen();
  const { answer } = await runBundle({
    mode: 'whole',
    bundle: 'sweep',
    event: TIMER_EVENT,
    endpoint: cloud.url,
  });
  await cloud.close();
  if (answer?.ended !== 'done' || cloud.calls !== ROWS) throw new Error(`the run ended as ${answer?.ended}`);
  return (1_000 * ROWS) / (cloud.lastCallAt - cloud.firstCallAt);
}

export const throughput: Bench = {
  name: 'throughput',
  async run() {
    const measured: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) measured.push(await perSecond(CONCURRENCY));
    const unbound = await perSecond(Number.POSITIVE_INFINITY);
    return [
      {
        name: 'throughput',
        what: `sweep without a quota, an API that takes ${LATENCY_MS} ms and answers ${CONCURRENCY} at once`,
        unit: 'transactions per second',
        measured: sampleOf(measured),
        floor: { ...sampleOf([POSSIBLE_PER_SECOND]), what: 'the most that such an API gives' },
        compare: 'share',
        target: 0.9,
        note: `${ROWS} rows, first call to last answer; with an API that answers any number at once ${Math.round(unbound)} a second`,
        whatItTakes: 'more pages under way while one is being written',
      },
    ];
  },
};
