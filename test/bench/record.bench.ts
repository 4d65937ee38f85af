import { fileURLToPath } from 'node:url';
import { toRecord } from '../../shared/record/to-record.ts';
import { EN_LINES, OFFICIAL_RESULT, ZH_LINES } from '../unit/shared/record/official-example.ts';
import { INPUT } from '../unit/shared/record/record-of.ts';
import {
  type Bench,
  type BenchRow,
  describeRow,
  isReached,
  machine,
  type Sample,
  sampleOf,
} from './harness.ts';

/**
 * What a record costs: an ordinary session against `JSON.parse` of the same bytes, and time per line from a hundred
 * lines to ten thousand. `tsx test/bench/record.bench.ts` runs it alone, and ends with 1 when a row is not reached.
 */
const TIMES_PARSE_MAX = 20;
/** Time per line may grow by this much between a thousand lines and ten thousand: caches and collection. */
const GROWTH_MAX = 1.5;
const FEW_LINES = 1_000;
const SAMPLES = 1_000;

const SESSION = { ...OFFICIAL_RESULT, LogInfo: ZH_LINES, LogInfoEn: [] };

interface Work {
  readonly run: () => unknown;
  /** Calls to a sample: about a third of a millisecond, shorter than a turn of the scheduler. */
  readonly batch: number;
}

/** Microseconds of one call of each, sampled in turn so that both meet the same load of the machine. */
function compare(works: readonly [Work, Work], samples = SAMPLES): [Sample, Sample] {
  const values: [number[], number[]] = [[], []];
  // The first quarter warms up and is left out.
  for (let index = -Math.ceil(samples / 4); index < samples; index += 1) {
    for (const [which, { run, batch }] of works.entries()) {
      const started = process.hrtime.bigint();
      for (let call = 0; call < batch; call += 1) run();
      if (index >= 0) values[which]?.push(Number(process.hrtime.bigint() - started) / 1_000 / batch);
    }
  }
  return [sampleOf(values[0]), sampleOf(values[1])];
}

function ordinary(name: string, result: Readonly<Record<string, unknown>>): BenchRow {
  const text = JSON.stringify(result);
  const [measured, floor] = compare([
    { run: () => toRecord({ ...INPUT, result }), batch: 8 },
    { run: () => JSON.parse(text), batch: 120 },
  ]);
  return {
    name: 'record',
    what: `${name}, ${Buffer.byteLength(text)} bytes, into its rows`,
    unit: 'µs',
    measured,
    floor: { ...floor, what: 'JSON.parse of the same bytes' },
    target: TIMES_PARSE_MAX,
    compare: 'ratio',
    whatItTakes: 'fewer passes over the lines, or fewer columns told twice in words',
  };
}

function session(lines: number): Work {
  const LogInfo = Array.from({ length: lines }, (_, index) => ZH_LINES[index % ZH_LINES.length]);
  const result = { ...SESSION, LogInfo };
  return { run: () => toRecord({ ...INPUT, result }), batch: 1 };
}

function growth(lines: number): BenchRow {
  const [measured, floor] = compare([session(lines), session(FEW_LINES)], 100).map((whole, which) => {
    const count = which === 0 ? lines : FEW_LINES;
    return { n: whole.n, median: whole.median / count, p95: whole.p95 / count };
  }) as [Sample, Sample];
  return {
    name: 'record',
    what: `time per line at ${lines} lines`,
    unit: 'µs',
    measured,
    floor: { ...floor, what: `time per line at ${FEW_LINES} lines` },
    target: GROWTH_MAX,
    compare: 'ratio',
    whatItTakes: 'no work per line that looks at other lines',
  };
}

export const record: Bench = {
  name: 'record',
  run: async () => [
    ordinary('a session of 15 lines', SESSION),
    ordinary('the official example, 15 Chinese and 6 English lines', { ...SESSION, LogInfoEn: EN_LINES }),
    growth(5_000),
    growth(10_000),
  ],
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`${machine()}, ${new Date().toISOString()}\n`);
  for (const row of await record.run()) {
    console.log(`${describeRow(row)}\n`);
    if (!isReached(row)) process.exitCode = 1;
  }
}
