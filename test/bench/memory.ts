import { type Bench, sampleOf } from './harness.ts';
import { deployedNodeOptions, runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const LARGE = 100_000;
const SMALL = 1_000;
const SMALL_ROUNDS = 5;
const MAX_MB = 160;
async function peakMb(rows: number): Promise<number> {
  const cloud = await new StubCloud({ rows }).listen();
  const { maxRssMb, answer } = await runBundle({
    mode: 'whole',
    bundle: 'sweep',
    event: TIMER_EVENT,
    endpoint: cloud.url,
  });
  await cloud.close();
  if (answer?.ended !== 'done' || cloud.calls !== rows) throw new Error(`the run ended as ${answer?.ended}`);
  return maxRssMb;
}

export const memory: Bench = {
  name: 'memory',
  async run() {
    const small: number[] = [];
    for (let round = 0; round < SMALL_ROUNDS; round += 1) small.push(await peakMb(SMALL));
    const large = sampleOf([await peakMb(LARGE)]);
    const both = {
      unit: 'MB resident',
      measured: large,
      note: `no quota, no latency: the fastest and hungriest there is; NODE_OPTIONS of s.yaml: ${deployedNodeOptions().join(' ') || 'none'}`,
      whatItTakes:
        'a heap that knows the instance: NODE_OPTIONS="--max-old-space-size=384 --max-semi-space-size=8" in s.yaml (124 MB after 20,000 rows); or rows kept as bytes while they wait to be written',
    };
    return [
      {
        ...both,
        name: 'memory peak',
        what: `most memory of a sweep of ${LARGE} transactions`,
        compare: 'value',
        target: MAX_MB,
      },
      {
        ...both,
        name: 'memory growth',
        what: `most memory of a sweep of ${LARGE} transactions against one of ${SMALL}`,
        floor: { ...sampleOf(small), what: `a sweep of ${SMALL}` },
        compare: 'ratio',
        target: 1.3,
      },
    ];
  },
};
