import { setTimeout as sleep } from 'node:timers/promises';
import type { Cloud } from './cloud.ts';
import type { InvocationRecord } from './fc/invocation-log.ts';
import { countDue } from './ledger.ts';

interface SweepResult {
  /** How the last run ended: `done`, or what went wrong. */
  readonly ended: string;
  /** How many transactions were due when the last run started. */
  readonly due: number;
}

/** After these another run is started. */
const UNFINISHED = ['deadline', 'busy'];
const MAX_BUSY_RUNS = 20;

/** Fires the timer until nothing due is left, or a run ends in a way that another would not mend. */
export async function sweepUntilDone(cloud: Cloud, progress: Progress): Promise<SweepResult> {
  const expected = await countDue(cloud, Date.now());
  const stop = new AbortController();
  const watching = watch(cloud, { expected, progress, signal: stop.signal });
  try {
    for (let runs = 1; ; runs += 1) {
      const record = await cloud.fc.ended(cloud.fc.tick('sweep'));
      const ended = endOf(record);
      if (UNFINISHED.includes(ended) && (ended !== 'busy' || runs < MAX_BUSY_RUNS)) {
        if (ended === 'busy' && runs === 1) {
          progress.print('an earlier run still holds the lease: waiting until it lapses (LEASE_SECONDS)');
        }
        await sleep(500);
        continue;
      }
      return { ended, due: await countDue(cloud, record.startedAtMs ?? record.acceptedAtMs) };
    }
  } finally {
    stop.abort();
    await watching;
  }
}

/** How the run ended, from its own report or else the platform's. */
function endOf({ outcome, report, errorMessage }: InvocationRecord): string {
  if (outcome !== 'ok') return `${outcome}: ${errorMessage ?? 'the run did not end by itself'}`;
  const ended = typeof report === 'object' && report !== null && 'ended' in report ? report.ended : undefined;
  return typeof ended === 'string' ? ended : 'done';
}

async function watch(
  cloud: Cloud,
  { expected, progress, signal }: { expected: number; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const startedAt = performance.now();
  while (!signal.aborted) {
    const { calls } = await control<{ calls: number }>(cloud.cloudauth.url);
    const { rows } = await control<{ rows: Record<string, number> }>(cloud.sls.url);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    progress.show(
      `sweep: ${calls} calls for ${expected} due, ${rows['idv-records'] ?? 0} recorded, ${seconds} s`,
    );
    await sleep(1_000, undefined, { signal }).catch(() => {});
  }
  progress.end();
}

export async function control<T>(url: string): Promise<T> {
  const response = await fetch(new URL('/_control', url));
  return (await response.json()) as T;
}

/** A line that is rewritten in place on a terminal, and printed every few seconds elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #everyMs: number;
  #shownAt = Number.NEGATIVE_INFINITY;
  #width = 0;
  /** The last line that was skipped because the one before was too recent. */
  #pending: string | undefined;

  constructor(out: NodeJS.WriteStream, everyMs = 5_000) {
    this.#out = out;
    this.#everyMs = everyMs;
  }

  show(line: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r${line.padEnd(this.#width)}`);
      this.#width = line.length;
    } else if (performance.now() - this.#shownAt >= this.#everyMs) {
      this.#out.write(`${line}\n`);
      this.#shownAt = performance.now();
      this.#pending = undefined;
    } else {
      this.#pending = line;
    }
  }

  /** Prints a line that stays. */
  print(line: string): void {
    this.end();
    this.#out.write(`${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY && this.#width > 0) this.#out.write('\n');
    // The last state is always seen, however short the work was.
    if (this.#pending !== undefined) this.#out.write(`${this.#pending}\n`);
    this.#pending = undefined;
    this.#width = 0;
  }
}
