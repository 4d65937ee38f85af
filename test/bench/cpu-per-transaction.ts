import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, sampleOf } from './harness.ts';
import { runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const ROUNDS = 3;
/** V8 needs some thousand rows until everything is compiled as it stays. */
const SMALL = 6_000;
const LARGE = 16_000;
/** What the sweep has under way when the API answers at once. */
const CONCURRENCY = 16;
const BARE_CALL = join(import.meta.dirname, 'support/bare-call.cjs');

/** Processor time of a whole run over so many rows. */
async function sweepCpuMs(rows: number): Promise<{ cpuMs: number; traffic: string }> {
  const cloud = await new StubCloud({ rows }).listen();
  const run = await runBundle({ mode: 'whole', bundle: 'sweep', event: TIMER_EVENT, endpoint: cloud.url });
  await cloud.close();
  if (run.answer?.ended !== 'done' || cloud.calls !== rows) {
    throw new Error(`the run ended as ${run.answer?.ended} after ${cloud.calls} of ${rows} calls`);
  }
  const per = (count: number) => Math.round(count / rows);
  const traffic = `${per(cloud.rawBytes)} bytes written (${per(cloud.putBytes)} compressed) and ${(cloud.slsCalls / rows).toFixed(3)} calls to SLS per transaction`;
  return { cpuMs: run.handlerCpuMs ?? Number.NaN, traffic };
}

async function bareCallCpuMs(): Promise<number> {
  const cloud = await new StubCloud().listen();
  const args = [BARE_CALL, new URL(cloud.url).host, String(LARGE - SMALL), String(CONCURRENCY)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  await cloud.close();
  return Number(stdout);
}

export const cpuPerTransaction: Bench = {
  name: 'cpu-per-transaction',
  async run() {
    const sweep: number[] = [];
    const bare: number[] = [];
    let traffic = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(await bareCallCpuMs());
      const small = await sweepCpuMs(SMALL);
      const large = await sweepCpuMs(LARGE);
      sweep.push((large.cpuMs - small.cpuMs) / (LARGE - SMALL));
      traffic = large.traffic;
    }
    return [
      {
        name: 'cpu-per-transaction',
        what: 'sweep, all in: pull, ask, parse, record and events, write, checkpoint',
        unit: 'ms CPU',
        measured: sampleOf(sweep),
        floor: { ...sampleOf(bare), what: `one bare call by @alicloud/openapi-core, ${CONCURRENCY} at once` },
        compare: 'ratio',
        target: 1.5,
        note: `difference of runs over ${LARGE} and ${SMALL} rows, warm-up taken away on both sides; ${traffic}`,
        whatItTakes:
          'a quarter of it each is asking, making the record, encoding it, and writing: fewer columns or event rows, or a machine that is otherwise idle',
      },
    ];
  },
};
