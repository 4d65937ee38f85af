import { type Bench, type BenchRow, sampleOf } from './harness.ts';
import { type BundleRunOptions, LOOKUP_EVENT, runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const RUNS = 15;
/** Node reads and parses these certificates at every start, before any code of ours, and FC sets none. */
const WITHOUT = { NODE_EXTRA_CA_CERTS: undefined };

/** Taken in turn with the floor, so that both see the same machine. */
async function measure(endpoint: string, env: BundleRunOptions['env'] = {}) {
  const figures = { bare: [] as number[], lookup: [] as number[], sweep: [] as number[] };
  for (let run = -1; run < RUNS; run += 1) {
    const bare = await runBundle({ mode: 'bare', env });
    const lookup = await runBundle({ mode: 'whole', bundle: 'lookup', event: LOOKUP_EVENT, endpoint, env });
    if (lookup.answer?.statusCode !== 200) throw new Error(`lookup answered ${lookup.answer?.statusCode}`);
    const sweep = await runBundle({ mode: 'first-call', bundle: 'sweep', event: TIMER_EVENT, endpoint, env });
    // The first round warms the file cache.
    if (run < 0) continue;
    figures.bare.push(bare.processCpuMs);
    figures.lookup.push(lookup.processCpuMs);
    figures.sweep.push(sweep.processCpuMs);
  }
  return { bare: sampleOf(figures.bare), lookup: sampleOf(figures.lookup), sweep: sampleOf(figures.sweep) };
}

export const coldStart: Bench = {
  name: 'cold-start',
  async run() {
    const cloud = await new StubCloud({ rows: 1 }).listen();
    const given = await measure(cloud.url);
    const without =
      process.env['NODE_EXTRA_CA_CERTS'] === undefined ? given : await measure(cloud.url, WITHOUT);
    await cloud.close();
    const noteOf = (name: 'lookup' | 'sweep') => {
      const [bare, own] = [without.bare.median, without[name].median];
      return `API and SLS over loopback, plain HTTP, no latency; without NODE_EXTRA_CA_CERTS in the environment ${bare.toFixed(0)} and ${own.toFixed(0)} ms (${(own / bare).toFixed(1)} x)`;
    };
    const row = (name: 'lookup' | 'sweep', what: string): BenchRow => ({
      name: `cold-start ${name}`,
      what,
      unit: 'ms CPU',
      measured: given[name],
      floor: { ...given.bare, what: 'a Node process that does nothing, in the same environment' },
      compare: 'ratio',
      target: 2.8,
      stretch: 2,
      note: noteOf(name),
      whatItTakes:
        "about half of it is compiling: V8's code cache would save some 20 ms where the bundle is built by the very Node that runs it",
    });
    return [
      row('lookup', 'from process start to the first answered lookup, record and events written'),
      row(
        'sweep',
        'from process start to the first CheckVerifyLog: lease, checkpoint, cursors and pull done',
      ),
    ];
  },
};
