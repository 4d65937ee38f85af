import { cpus } from 'node:os';

/** Several measurements of the same thing. */
export interface Sample {
  readonly n: number;
  readonly median: number;
  readonly p95: number;
}

/** One row of the table: what was measured, against which floor, and what is to be reached. */
export interface BenchRow {
  readonly name: string;
  readonly what: string;
  readonly unit: string;
  readonly measured: Sample;
  /** undefined: the target is absolute. */
  readonly floor?: Sample & { readonly what: string };
  readonly target: number;
  readonly stretch?: number;
  /** `ratio`: measured / floor must not exceed the target; `share`: must not fall below it; `value`: measured. */
  readonly compare: 'ratio' | 'share' | 'value';
  /** Conditions, and what else was seen. */
  readonly note?: string;
  /** Said when the row is not reached. */
  readonly whatItTakes: string;
}

/** A benchmark makes its rows; those of one run share machine, Node and load. */
export interface Bench {
  readonly name: string;
  run(): Promise<BenchRow[]>;
}

export function sampleOf(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { n: values.length, median: at(0.5), p95: at(0.95) };
}

/** What the target is compared with. */
export function scoreOf({ compare, measured, floor }: BenchRow): number {
  return compare === 'value' || floor === undefined ? measured.median : measured.median / floor.median;
}

export function isReached(row: BenchRow): boolean {
  return row.compare === 'share' ? scoreOf(row) >= row.target : scoreOf(row) <= row.target;
}

/** Processor and user time of this process for `work`, in ms. */
export async function cpuMs(work: () => Promise<unknown> | unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model ?? 'unknown processor'}, Node ${process.version}, ${process.platform}`;
}

const figure = (value: number) =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

/** The row as text, several lines. */
export function describeRow(row: BenchRow): string {
  const { name, what, unit, measured, floor, target, stretch, compare } = row;
  const of = (sample: Sample) =>
    `${figure(sample.median)} ${unit} (n ${sample.n}, p95 ${figure(sample.p95)})`;
  const bound = compare === 'share' ? 'at least' : 'at most';
  const times = compare === 'value' ? ` ${unit}` : ' x the floor';
  const lines = [
    `${name}: ${what}`,
    `  measured  ${of(measured)}`,
    ...(floor === undefined ? [] : [`  floor     ${of(floor)}: ${floor.what}`]),
    `  result    ${figure(scoreOf(row))}${times}; to reach: ${bound} ${target}: ${isReached(row) ? 'reached' : 'NOT reached'}${
      stretch === undefined
        ? ''
        : `; stretch ${stretch}: ${scoreOf(row) <= stretch ? 'reached' : 'not reached'}`
    }`,
    ...(row.note === undefined ? [] : [`  note      ${row.note}`]),
    ...(isReached(row) ? [] : [`  it takes  ${row.whatItTakes}`]),
  ];
  return lines.join('\n');
}
