import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, sampleOf } from './harness.ts';
import { runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const LARGE = 100_000;
const SMALL = 1_000;
const SMALL_ROUNDS = 5;
const MAX_MB = 160;
const S_YAML = join(import.meta.dirname, '../../s.yaml');

/** As it is deployed: the heap's own limits are part of what is measured. */
function deployedNodeOptions(): string[] {
  const [, options = ''] = /NODE_OPTIONS:\s*["']?([^"'\n]*)/.exec(readFileSync(S_YAML, 'utf8')) ?? [];
  return options.split(' ').filter((option) => option !== '');
}

async function peakMb(rows: number, nodeOptions: readonly string[]): Promise<number> {
  const cloud = await new StubCloud({ rows }).listen();
  const { maxRssMb, answer } = await runBundle({
    mode: 'whole',
    bundle: 'sweep',
    event: TIMER_EVENT,
    endpoint: cloud.url,
    nodeOptions,
  });
  await cloud.close();
  if (answer?.ended !== 'done' || cloud.calls !== rows) throw new Error(`the run ended as ${answer?.ended}`);
  return maxRssMb;
}

export const memory: Bench = {
  name: 'memory',
  async run() {
    const nodeOptions = deployedNodeOptions();
    const small: number[] = [];
    for (let round = 0; round < SMALL_ROUNDS; round += 1) small.push(await peakMb(SMALL, nodeOptions));
    const large = sampleOf([await peakMb(LARGE, nodeOptions)]);
    const both = {
      unit: 'MB resident',
      measured: large,
      note: `no quota, no latency: the fastest and hungriest there is; node ${nodeOptions.join(' ')}`,
      whatItTakes:
        'a tighter heap in s.yaml (NODE_OPTIONS=--max-old-space-size=192 --max-semi-space-size=8), or fewer rows under way',
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
